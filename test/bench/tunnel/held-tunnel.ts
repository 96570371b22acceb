import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { TunnelOptions } from '../../../tunnel/index.js';

const program = fileURLToPath(new URL('../programs/hold-tunnel.js', import.meta.url));

export interface HeldTunnelTask {
  readonly options: TunnelOptions;
  readonly target: { readonly host: string; readonly port: number };
}

/** Our tunnel with one forward, in a process of its own. */
export class HeldTunnel implements AsyncDisposable {
  readonly url: string;
  readonly #child: ChildProcess;

  static async start(task: HeldTunnelTask): Promise<HeldTunnel> {
    const child = spawn(process.execPath, [program, JSON.stringify(task)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const [line] = await once(createInterface({ input: child.stdout }), 'line');
    return new HeldTunnel(child, String(line));
  }

  private constructor(child: ChildProcess, url: string) {
    this.#child = child;
    this.url = url;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = once(this.#child, 'exit');
    this.#child.stdin?.end();
    await exited;
  }
}
