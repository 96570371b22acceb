import { exitCodeOf } from './exit-code.js';
import { writeLine } from './stderr.js';

/** How a command speaks: for a person, or one JSON value for a program. */
export interface OutputOptions {
  readonly json: boolean;
  readonly verbose: boolean;
}

/** Prints one result: `value` for programs, `text` for people (nothing when it is empty). */
export function printResult(options: OutputOptions, value: unknown, text: string): void {
  if (options.json) process.stdout.write(`${JSON.stringify(value)}\n`);
  else if (text !== '') process.stdout.write(`${text}\n`);
}

/** Progress and remarks go to stderr, so that stdout stays the result. */
export function printNote(options: OutputOptions, text: string): void {
  if (!options.json) writeLine(text);
}

/** Says what went wrong in one sentence and gives the exit code for it. */
export function printError(error: unknown, options: OutputOptions): number {
  const { code, message, details } = describe(error);
  if (options.json) process.stderr.write(`${JSON.stringify({ error: { code, message, ...details } })}\n`);
  else process.stderr.write(`hawser: ${message}\n`);
  if (options.verbose && error instanceof Error && !options.json) process.stderr.write(`${stacks(error)}\n`);
  return exitCodeOf(error);
}

function describe(error: unknown): { code: string; message: string; details: Record<string, unknown> } {
  if (!(error instanceof Error)) return { code: 'failed', message: String(error), details: {} };
  const { code, host, hosts, key, logTail } = error as Error & Record<string, unknown>;
  const details = Object.fromEntries(
    Object.entries({ host, hosts, key, logTail }).filter(([, value]) => value !== undefined),
  );
  const tail = typeof logTail === 'string' && logTail !== '' ? `\n${logTail.replace(/^/gm, '  | ')}` : '';
  return { code: typeof code === 'string' ? code : 'failed', message: `${error.message}${tail}`, details };
}

function stacks(error: Error): string {
  const own = error.stack ?? error.message;
  return error.cause instanceof Error ? `${own}\ncaused by: ${stacks(error.cause)}` : own;
}

/** Columns padded to their widest cell, for people. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** "500ms", "5s", "2m", as durations are written on the command line. */
export function formatDuration(ms: number): string {
  if (ms % 1_000 !== 0) return `${ms}ms`;
  return ms % 60_000 === 0 && ms > 0 ? `${ms / 60_000}m` : `${ms / 1_000}s`;
}

/** `1 file`, `2 files`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** "1.5 MB", "12 kB", "7 B" (decimal units). */
export function formatBytes(sizeBytes: number): string {
  if (sizeBytes < 1_000) return `${sizeBytes} B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  const exponent = Math.min(Math.floor(Math.log10(sizeBytes) / 3), units.length);
  return `${(sizeBytes / 1_000 ** exponent).toFixed(exponent === 1 ? 0 : 1)} ${units[exponent - 1]}`;
}
