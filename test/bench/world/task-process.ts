import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { StepReport, TaskOrder } from './task.js';

const program = fileURLToPath(new URL('../programs/run-task.js', import.meta.url));

/** A task under way in a process of its own, prepared and waiting for its first step. */
export class TaskProcess implements AsyncDisposable {
  /** The most memory that was resident before the first step. */
  readonly preparedBytes: number;
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  static async start(order: TaskOrder): Promise<TaskProcess> {
    const child = spawn(process.execPath, [program, JSON.stringify(order)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    if (child.stdout === null) throw new TypeError('stdout is a pipe');
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const { peakBytes } = await nextReport(lines, order.task);
    return new TaskProcess(child, lines, peakBytes);
  }

  private constructor(child: ChildProcess, lines: AsyncIterator<string>, preparedBytes: number) {
    this.#child = child;
    this.#lines = lines;
    this.preparedBytes = preparedBytes;
  }

  /** Lets it go on; `meanwhile` is what the other side does. Settles when both are done. */
  async step(meanwhile: () => Promise<unknown> = async () => undefined): Promise<StepReport> {
    this.#child.stdin?.write('go\n');
    const [report] = await Promise.all([nextReport(this.#lines, 'the task'), meanwhile()]);
    return report;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.stdin?.end();
    await exited;
  }
}

async function nextReport(lines: AsyncIterator<string>, task: string): Promise<StepReport> {
  const { done, value } = await lines.next();
  if (done === true) throw new Error(`${task} ended before it was done`);
  return JSON.parse(value) as StepReport;
}
