import type { Log } from '../../base/log.js';
import { type ExitCode, exitCodeOf } from '../exit-codes.js';
import { type Lines, lines } from './escaped-lines.js';
import { writeLine } from './hold-stderr-while-asking.js';
import { runLog } from './run-log.js';
import { stackTraceLines } from './stack-trace-lines.js';
import { writeJson, writeRemark, writeResult } from './write-output.js';

export { lines } from './escaped-lines.js';
export { formatTable } from './format-table.js';

/** How many lines of a program's output follow an error. */
const MAX_TAIL_LINES = 60;

/** How a command prints: text for a person, or JSON for a program. */
export interface OutputOptions {
  readonly json: boolean;
  readonly verbose: boolean;
}

/**
 * Prints one result: `value` for programs, `text` for people (nothing when it is empty). A string is one line, whatever it contains;
 * `lines` and `table` make several.
 */
export function printResult(options: OutputOptions, value: unknown, text: string | Lines): void {
  if (options.json) writeJson(value);
  else if (String(text) !== '') writeResult(text);
}

/** Progress and remarks go to stderr, so that stdout stays the result. */
export function printNote(options: OutputOptions, text: string): void {
  if (!options.json) writeLine(text);
}

/** Prints what went wrong and returns the exit code for it. */
export function printError(error: unknown, options: OutputOptions): ExitCode {
  const { code, message, details } = describe(error);
  runLog.note('error', message);
  if (options.json) writeJson({ error: { code, message, ...details } }, 'stderr');
  else writeRemark(lines([`hawser: ${message}`, ...logTailLines(details['logTail'])]));
  if (options.verbose && error instanceof Error && !options.json) writeRemark(lines(stackTraceLines(error)));
  return exitCodeOf(error);
}

function describe(error: unknown): { code: string; message: string; details: Record<string, unknown> } {
  if (!(error instanceof Error)) return { code: 'failed', message: String(error), details: {} };
  const { code, host, hosts, key, logTail } = error as Error & Record<string, unknown>;
  const details = Object.fromEntries(
    // A fleet that does not answer has nothing to do with the key that happened to be asked for.
    Object.entries({ host, hosts, key: code === 'unavailable' ? undefined : key, logTail }).filter(
      ([, value]) => value !== undefined,
    ),
  );
  return { code: typeof code === 'string' ? code : 'failed', message: sentenceOf(error), details };
}

function sentenceOf(error: Error): string {
  // A relative path, in a directory that is gone.
  if ('syscall' in error && error.syscall === 'uv_cwd')
    return 'The current directory no longer exists: change to another one, or give absolute paths.';
  return error.message;
}

/** The end of a program's output, set off from our own text. */
export function logTailLines(logTail: unknown): string[] {
  if (typeof logTail !== 'string' || logTail === '') return [];
  return logTail
    .split('\n')
    .slice(-MAX_TAIL_LINES)
    .map((line) => `  | ${line.replace(/\r$/, '')}`);
}

/** Warnings always, the rest with `--verbose`; on stderr. */
export function logTo(flags: OutputOptions): Log {
  return (level, message) => {
    runLog.note(level, message);
    if (flags.verbose || (!flags.json && (level === 'warn' || level === 'error'))) {
      writeLine(`hawser: ${level === 'warn' || level === 'error' ? '' : `${level}: `}${message}`);
    }
  };
}
