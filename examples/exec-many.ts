/**
 * Runs a command on many hosts, fifty at a time, and prints what each says. A pool has one connection for each host; a
 * second command there needs no second login.
 *
 *     node exec-many.js 'uname -r' root@web1 root@web2 …
 */
import { text } from 'node:stream/consumers';
import { TunnelPool } from 'hawser/tunnel';

const [command = 'uname -r', ...hosts] = process.argv.slice(2);
const AT_A_TIME = 50;
const TIME_LIMIT_MS = 60_000;

await using pool = new TunnelPool();

async function runOn(host: string): Promise<void> {
  try {
    const signal = AbortSignal.timeout(TIME_LIMIT_MS);
    // Host keys are verified against known_hosts first: a host that is not known there is an error.
    const running = await pool.exec({ destinations: [host] }, command, { signal });
    running.stdin.end();
    const [stdout, stderr, exit] = await Promise.all([
      text(running.stdout),
      text(running.stderr),
      running.exit,
    ]);
    if (exit.code !== 0) throw new Error(stderr.trim() || `it ended with ${exit.code ?? exit.signal}`);
    console.log(`${host}: ${stdout.trim()}`);
  } catch (error) {
    process.exitCode = 1;
    console.error(`${host}: ${error instanceof Error ? error.message : error}`);
  }
}

// All take the next host from the same iterator.
const waiting = hosts.values();
const worker = async () => {
  for (const host of waiting) await runOn(host);
};
await Promise.all(Array.from({ length: AT_A_TIME }, worker));
