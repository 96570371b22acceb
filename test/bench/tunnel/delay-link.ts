import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../programs/delay-link.js', import.meta.url));

/**
 * A link with a delay, in a process of its own so that load here does not add to it. It ends TCP at both sides, so
 * what depends on TCP's own acknowledgements (Nagle's algorithm, slow start, socket buffers) does not show.
 */
export class DelayLink implements AsyncDisposable {
  readonly port: number;
  readonly #child: ChildProcess;

  static async to(port: number, roundTripMs: number): Promise<DelayLink> {
    const child = spawn(process.execPath, [program, String(port), String(roundTripMs)], {
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    });
    if (child.stdout === null) throw new TypeError('its output is a pipe');
    const [line] = await once(createInterface({ input: child.stdout }), 'line');
    return new DelayLink(child, Number(line));
  }

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  /** How many bytes it has carried to the port so far. */
  async sentBytes(): Promise<number> {
    const answer = once(this.#child, 'message');
    this.#child.send('how many?');
    return Number((await answer)[0]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }
}
