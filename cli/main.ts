import { packageVersion } from '../base/package-version.js';
import { COMPLETE } from './completion/complete-name.js';
import { HOLD_FORWARD } from './forwards/server/hold-forward-name.js';
import { lines } from './output/escaped-lines.js';
import { stackTraceLines } from './output/stack-trace-lines.js';
import { takeConsole, writeRemark, writeResult } from './output/write-output.js';

const [first, second] = process.argv.slice(2);

takeConsole();

// An uncaught error is a bug, and may still quote what somebody else wrote.
process.on('uncaughtException', (error: unknown) => {
  writeRemark(lines(error instanceof Error ? stackTraceLines(error) : [String(error)]));
  process.exit(1);
});

// A reader that went away (`hawser … | head`) is no failure. An agent replaces this: it has to shut down cleanly.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  writeRemark(`hawser: Could not write the output: ${error.message}.`);
  process.exit(1);
});
// A terminal that is gone is no reason to stop.
process.stderr.on('error', () => undefined);

// Not at the top level, because the bundle for hosts is a CommonJS module.
async function main(): Promise<void> {
  if (process.argv.length === 3 && (first === '--version' || first === '-V')) {
    // Answered before anything else is loaded, because scripts wait for version checks.
    writeResult(packageVersion());
    return;
  }
  if (first === 'bridge' && process.argv.length === 4 && second?.startsWith('/')) {
    // Run by laptops for each connection, so it must start fast.
    const { runBridge } = await import('./bridge/run-bridge.js');
    process.exitCode = await runBridge(second);
    return;
  }
  if (first === HOLD_FORWARD && process.connected) {
    const { holdForward } = await import('./forwards/server/hold-forward.js');
    process.exitCode = await holdForward();
    return;
  }
  if (first === COMPLETE) {
    const { completeCommandLine } = await import('./program.js');
    await completeCommandLine(process.argv.slice(3), packageVersion());
    return;
  }
  // An agent stays for months beside others' programs: its young heap stays as small as it begins, for a third less.
  if (first === 'run') process.getBuiltinModule('node:v8').setFlagsFromString('--semi-space-growth-factor=1');
  const { runProgram } = await import('./program.js');
  process.exitCode = await runProgram(process.argv, packageVersion());
}

void main();
