import type { Readable } from 'node:stream';
import { shellCommand } from '../../tunnel/exec/shell-command.js';
import { CliError } from '../errors.js';
import { SHOW_FILES, SHOW_JOURNAL } from './log-scripts.js';
import type { LogHost } from './open-log-host.js';
import type { FoundProcess } from './parse-found-logs.js';
import { fileLineReader, journalLineReader, type LogLine } from './parse-log-line.js';
import { readLines } from './read-lines.js';

/** How much of a line of a file is kept, and of an entry of the journal, which may write each byte as a number. */
const MOST_LINE_BYTES = { files: 64_000, journal: 1_000_000 } as const;

/** How much of what a program complains of is kept for the error. */
const MOST_WORDS = 300;

const DEFAULT_LINES = 100;

/** Which lines of a log to read. */
export interface LogRange {
  readonly app: string;
  readonly prefix: string;
  /** How many of each process at most, the newest. Default: 100, or all that are younger than `sinceMs`. */
  readonly lines: number | undefined;
  /** How old they may be, in milliseconds. */
  readonly sinceMs: number | undefined;
  readonly follow: boolean;
}

/**
 * The lines of one process of an app on one host, read as they are taken.
 *
 * @throws TunnelError as `Tunnel.exec`; CliError `failed` where the program on the host fails; after an abort `signal.reason`
 */
export async function* readProcessLog(
  host: LogHost,
  process: FoundProcess,
  range: LogRange,
  signal: AbortSignal,
): AsyncGenerator<LogLine> {
  const { access, tunnel, name } = host;
  const [script, ...args] = process.kept === 'journal' ? journal(process, range) : files(process, range);
  const [program = 'sh', ...rest] = [...access.prefix, 'sh', '-c', script, 'sh', ...args];
  await using command = await tunnel.exec(shellCommand([program, ...rest]), { signal });
  // The input stays open: its end is how the script notices that nobody listens.
  if (access.password !== undefined) command.stdin.write(`${access.password}\n`);
  const words = lastWords(command.stderr);
  const read = readerOf(host, process, range);
  for await (const text of readLines(command.stdout, MOST_LINE_BYTES[process.kept])) {
    const line = read(text);
    if (line !== undefined) yield line;
  }
  const { code } = await command.exit;
  if (code === 0 && !range.follow) return;
  const why = (await words) || (code === 0 ? 'the program that reads it ended' : 'it does not say why');
  throw new CliError('failed', `Cannot read the log of ${process.name} on ${name}: ${why}`);
}

function readerOf({ found }: LogHost, { name, kept }: FoundProcess, { app, sinceMs }: LogRange) {
  if (kept === 'journal') return journalLineReader(app, name);
  return fileLineReader(sinceMs === undefined ? undefined : found.nowMs - sinceMs);
}

function journal({ name }: FoundProcess, { app, sinceMs, follow, ...range }: LogRange) {
  const seconds = sinceMs === undefined ? '' : `${Math.ceil(sinceMs / 1_000)}`;
  return [SHOW_JOURNAL, app, name, linesOf({ sinceMs, ...range }), seconds, follow ? 'follow' : ''] as const;
}

function files({ name }: FoundProcess, { app, prefix, sinceMs, follow, ...range }: LogRange) {
  const folder = `${prefix}/apps/${app}/log`;
  const minutes = sinceMs === undefined ? '' : `${Math.ceil(sinceMs / 60_000) + 1}`;
  const lines = linesOf({ sinceMs, ...range });
  return [SHOW_FILES, folder, name, lines, minutes, follow ? 'follow' : ''] as const;
}

function linesOf({ lines, sinceMs }: Pick<LogRange, 'lines' | 'sinceMs'>): string {
  return lines === undefined && sinceMs !== undefined ? 'all' : `${lines ?? DEFAULT_LINES}`;
}

/** The end of what a program complains of; all of it is read, so that it is not held up. */
async function lastWords(stream: Readable): Promise<string> {
  let words = '';
  try {
    for await (const chunk of stream) words = (words + String(chunk)).slice(-MOST_WORDS);
  } catch {
    // The command's end says what happened.
  }
  return words.trim();
}
