import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { AgentsOrder } from './agents-order.js';

const program = fileURLToPath(new URL('../programs/run-agents.js', import.meta.url));

/** What a process of thousands of agents needs. */
const HEAP_MEBIBYTES = 6_000;

/** Agents without servers, in as few processes as there are asked for. */
export class AgentCrowd {
  readonly names: readonly string[];
  readonly #folder: string;
  readonly #processes: readonly { readonly child: ChildProcess; readonly said: Promise<string> }[];

  /** @param perProcess the most agents in one process, which may open only so many files */
  static async start(port: number, count: number, perProcess: number): Promise<AgentCrowd> {
    const folder = await mkdtemp(path.join(tmpdir(), 'hawser-scale-'));
    const orders: AgentsOrder[] = [];
    for (let first = 1; first <= count; first += perProcess)
      orders.push({ port, folder, first, count: Math.min(perProcess, count - first + 1) });
    return new AgentCrowd(folder, count, orders);
  }

  private constructor(folder: string, count: number, orders: readonly AgentsOrder[]) {
    this.#folder = folder;
    this.names = Array.from({ length: count }, (_, index) => `h${index + 1}`);
    this.#processes = orders.map((order) => {
      const flags = [`--max-old-space-size=${HEAP_MEBIBYTES}`, program, JSON.stringify(order)];
      const child = spawn(process.execPath, flags, { stdio: ['pipe', 'pipe', 'inherit'] });
      process.once('exit', () => child.kill('SIGKILL'));
      if (child.stdout === null) throw new TypeError('stdout is a pipe');
      return { child, said: text(child.stdout) };
    });
  }

  get pids(): number[] {
    return this.#processes.flatMap(({ child }) => child.pid ?? []);
  }

  /** Ends all at once, without a farewell. @returns what they had to complain of, and how often */
  async end(): Promise<string[]> {
    const said = await Promise.all(
      this.#processes.map(async ({ child, said: all }) => {
        if (child.exitCode === null && child.signalCode === null) {
          const exited = once(child, 'exit');
          child.stdin?.end();
          await exited;
        }
        const problems = JSON.parse((await all) || '[["a process of agents died", 1]]') as [string, number][];
        return problems.map(([problem, times]) => `${times} × ${problem}`);
      }),
    );
    await rm(this.#folder, { recursive: true, force: true });
    return said.flat();
  }
}
