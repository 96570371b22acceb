import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { programFile } from '../../../fixtures/fleet/project-paths.js';

/** What a program took. */
export interface Taken {
  readonly wallMs: number;
  /** CPU of the program and all that it started, which other work on the machine changes less. */
  readonly cpuMs: number;
  /** The most memory that it held, in MB; of `hawser` only. */
  readonly peakMb: number;
}

/** Says at the end how much memory the process has held. */
const REPORT = `process.on('exit', () => process.stderr.write('peak ' + process.resourceUsage().maxRSS + '\\n'))`;

/** Runs a program to its end. @throws Error where it fails */
export async function timedProgram(
  [program, ...args]: readonly [string, ...string[]],
  env: NodeJS.ProcessEnv = {},
): Promise<Taken> {
  const start = performance.now();
  const counted = ['-c', '"$@" >/dev/null; code=$?; times >&2; exit $code', 'sh', program, ...args];
  const child = spawn('sh', counted, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...env },
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-2_000);
  });
  const [code] = await once(child, 'close');
  const wallMs = performance.now() - start;
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${said}`);
  return { wallMs, cpuMs: cpuOf(said), peakMb: Number(/^peak (\d+)$/m.exec(said)?.[1]) / 1024 };
}

/** From the last line of what `times` of a shell prints: of its children, in user and in system mode. */
function cpuOf(said: string): number {
  const spent = [...said.matchAll(/(\d+)m([\d.]+)s/g)].slice(-2);
  return spent.reduce(
    (sum, [, minutes, seconds]) => sum + Number(minutes) * 60_000 + Number(seconds) * 1_000,
    0,
  );
}

/** Runs `hawser`. */
export function timedHawser(args: readonly string[]): Promise<Taken> {
  const options = `--import=data:text/javascript,${encodeURIComponent(REPORT)}`;
  return timedProgram([process.execPath, programFile, ...args], { NODE_OPTIONS: options });
}
