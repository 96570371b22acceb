import { CliError } from '../errors.js';
import { formatBytes } from '../output/format-quantities.js';
import type { HostLines } from '../output/print-host-lines.js';
import { explainFileError } from '../system/explain-file-error.js';
import type { OutputTaker } from './command-run.js';
import { LineSplitter } from './line-splitter.js';
import { Spool } from './spool.js';

type Stream = 'stdout' | 'stderr';

/** Shows what a host says as it comes, line by line. */
export class LiveOutput implements OutputTaker {
  readonly #hostname: string;
  readonly #lines: HostLines;
  readonly #splitters = { stdout: new LineSplitter(), stderr: new LineSplitter() };

  constructor(hostname: string, lines: HostLines) {
    this.#hostname = hostname;
    this.#lines = lines;
  }

  take(bytes: Buffer, stream: Stream): Promise<void> {
    return this.#lines.print(this.#hostname, this.#splitters[stream].push(bytes), stream);
  }

  end(stream: Stream): Promise<void> {
    return this.#lines.print(this.#hostname, this.#splitters[stream].end(), stream);
  }
}

/** Of one host; a command that never stops would fill the disk. */
const MOST_KEPT_BYTES = 256_000_000;

/** Keeps what a host says, to be shown when its command has ended. */
export class KeptOutput implements OutputTaker, AsyncDisposable {
  readonly stdout = new Spool();
  readonly stderr = new Spool();
  readonly #hostname: string;

  constructor(hostname: string) {
    this.#hostname = hostname;
  }

  async take(bytes: Buffer, stream: Stream): Promise<void> {
    if (this.stdout.sizeBytes + this.stderr.sizeBytes + bytes.length > MOST_KEPT_BYTES) throw this.#tooMuch();
    try {
      await this[stream].append(bytes);
    } catch (error) {
      const message = `The output of ${this.#hostname} cannot be kept here: ${explainFileError(error)}. The command there was ended. Make room in the directory for temporary files (TMPDIR).`;
      throw new CliError('failed', message, { cause: error });
    }
  }

  async end(stream: Stream): Promise<void> {
    this[stream].end();
  }

  /** What was kept, as text: what is no UTF-8 becomes U+FFFD. */
  async *text(stream: Stream): AsyncGenerator<string> {
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
    for await (const bytes of this[stream].read()) yield decoder.decode(bytes, { stream: true });
    yield decoder.decode();
  }

  /** What was kept, in lines. */
  async *lines(stream: Stream): AsyncGenerator<string[]> {
    const splitter = new LineSplitter();
    for await (const bytes of this[stream].read()) yield splitter.push(bytes);
    yield splitter.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stdout[Symbol.asyncDispose]();
    await this.stderr[Symbol.asyncDispose]();
  }

  #tooMuch(): CliError {
    const message = `The command on ${this.#hostname} was ended: it wrote more than ${formatBytes(MOST_KEPT_BYTES)}. Without --json and --group its output is shown as it comes, however much it is.`;
    return new CliError('failed', message);
  }
}
