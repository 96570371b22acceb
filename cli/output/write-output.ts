import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { format } from 'node:util';
import { guarded, ourCiSystem, shown, shownJson } from '../ci/guard-output.js';
import { CliError } from '../errors.js';
import { visible, visibleValue } from './escape-controls.js';
import type { Lines } from './escaped-lines.js';
import { isInForeground } from './screen/is-in-foreground.js';
import type { ScreenLine, ScreenSize } from './screen/screen-line.js';
import { StatusLines } from './screen/status-lines.js';
import { wantsColours } from './screen/style-colours.js';

// The only file of the command line that writes to its output; a test checks that no other does.

/** Writes lines to stderr that the log of a CI job acts on; whoever makes them has escaped what is in them. */
export function writeMarks(marks: readonly string[]): void {
  process.stderr.write(marks.map((mark) => `${mark}\n`).join(''));
}

/** Writes a line, or several of ours, to stdout. */
export function writeResult(text: string | Lines): void {
  process.stdout.write(`${shown(text)}\n`);
}

/** Writes a JSON value on a line of its own. */
export function writeJson(value: unknown, to: 'stdout' | 'stderr' = 'stdout'): void {
  process[to].write(`${shownJson(value)}\n`);
}

/** Writes one line behind a label, which is coloured on a terminal, unless the person wants no colours. Tabs are kept. */
export function writeLabelled(label: string, line: string, colour: number): void {
  writeLabelledLines(label, [line], { colour });
}

/** Writes several such lines, with no others in between. */
export function writeLabelledLines(
  label: string,
  lines: readonly string[],
  { colour, to = 'stdout' }: { readonly colour: number; readonly to?: 'stdout' | 'stderr' },
): void {
  const shownLabel = wantsColours(process[to])
    ? `\u001b[${colour}m${visible(label)} |\u001b[0m`
    : `${visible(label)} |`;
  const text = guarded(lines.map((line) => `${shownLabel} ${withTabs(line)}\n`).join(''));
  if (to === 'stdout') process.stdout.write(text);
  else process.stderr.write(status.above(text, screenSize()));
}

function withTabs(line: string): string {
  if (!line.includes('\t')) return visible(line);
  return line
    .split('\t')
    .map((part) => visible(part))
    .join('\t');
}

/** Writes a JSON object whose last fields are texts that come in pieces, on a line of its own. One call at a time. */
export async function writeJsonWithTexts(
  fields: Readonly<Record<string, unknown>>,
  texts: Readonly<Record<string, AsyncIterable<string>>>,
  signal: AbortSignal,
): Promise<void> {
  process.stdout.write(shownJson(fields).slice(0, -1));
  for (const [name, pieces] of Object.entries(texts)) {
    process.stdout.write(`,${JSON.stringify(name)}:"`);
    for await (const piece of pieces) {
      process.stdout.write(shownJson(piece).slice(1, -1));
      await resultTaken(signal);
    }
    process.stdout.write('"');
  }
  process.stdout.write('}\n');
}

/**
 * Calls back when the reader of the results is gone (`hawser … | head`), or with an error when they cannot be written, instead of
 * ending the process at once.
 */
export function onReaderGone(listener: (failure: CliError | undefined) => void): void {
  process.stdout.removeAllListeners('error').on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') return listener(undefined);
    listener(new CliError('failed', `Could not write the output: ${error.message}.`, { cause: error }));
  });
}

/** Waits until what was written to stdout is taken, so that what a slow reader leaves does not pile up here. */
export async function resultTaken(signal: AbortSignal): Promise<void> {
  if (!process.stdout.writableNeedDrain || signal.aborted) return;
  await once(process.stdout, 'drain', { signal }).catch(() => undefined);
}

/** Writes a value that was asked for by name: raw to a program, with control characters escaped to a terminal. */
export function writeValue(value: string): void {
  process.stdout.write(`${process.stdout.isTTY ? visibleValue(value) : value}\n`);
}

/** Writes the bytes of a file by the same rule; on a terminal, invalid UTF-8 becomes U+FFFD. */
export function writeValueStream(bytes: AsyncIterable<Buffer>): Promise<void> {
  return writeBytes(bytes, process.stdout);
}

/** Writes what a program says on its stderr by the same rule. */
export function writeErrorStream(bytes: AsyncIterable<Buffer>): Promise<void> {
  return writeBytes(bytes, process.stderr);
}

async function writeBytes(bytes: AsyncIterable<Buffer>, to: NodeJS.WriteStream): Promise<void> {
  if (!to.isTTY) return pipeline(bytes, to, { end: false });
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const write = (chunk: Buffer | undefined, done: () => void) =>
    to.write(visibleValue(decoder.decode(chunk, { stream: chunk !== undefined })), done);
  await pipeline(
    bytes,
    new Writable({
      write: (chunk: Buffer, _encoding, done) => write(chunk, done),
      final: (done) => write(undefined, done),
    }),
  );
}

/** The terminal, for a program on a host that it was given to: what that writes is not escaped. */
export function terminalOutput(): NodeJS.WriteStream {
  return process.stdout;
}

/** Where a stream of bytes between two programs goes, which nobody reads on a terminal. */
export function streamOutput(): Writable {
  return process.stdout;
}

/** Writes a line to stderr at once; see `writeLine` for one that can wait until a question is answered. */
export function writeRemark(text: string | Lines): void {
  process.stderr.write(status.above(`${shown(text)}\n`, screenSize()));
}

/** Writes text of several lines that commander made from our texts and what the person typed. */
export function writeUsage(text: string, to: 'stdout' | 'stderr'): void {
  process[to].write(guarded(visibleValue(text)));
}

const status = new StatusLines({ isColoured: wantsColours(process.stderr) });

/** How large the terminal is now. */
export function screenSize(): ScreenSize {
  return { columns: process.stderr.columns || 80, rows: process.stderr.rows || 24 };
}

/** How large the terminal is that results go to; undefined where they go elsewhere. */
export function resultScreen(): ScreenSize | undefined {
  const { isTTY, rows, columns } = process.stdout;
  return isTTY ? { rows: rows || 24, columns: columns || 80 } : undefined;
}

/** Calls back whenever the terminal has another size, until it is disposed of. */
export function onResize(resized: () => void): Disposable {
  process.stderr.on('resize', resized);
  return { [Symbol.dispose]: () => process.stderr.off('resize', resized) };
}

/** Shows a line below all else that goes to stderr, until it gets another text or none. Only where {@link isStatusSeen}. */
export function writeStatus(name: string, text: string | undefined): void {
  process.stderr.write(status.set(name, text, screenSize()));
}

/** Takes these lines off the screen while something else has it. */
export function hideStatus(isHidden: boolean): void {
  process.stderr.write(status.hide(isHidden, screenSize()));
  for (const listener of hidings) listener(isHidden);
}

const hidings = new Set<(isHidden: boolean) => void>();

/** Calls back when {@link hideStatus} was called, until it is disposed of. */
export function onStatusHidden(listener: (isHidden: boolean) => void): Disposable {
  hidings.add(listener);
  return { [Symbol.dispose]: () => hidings.delete(listener) };
}

/** Shows several lines below all else; only for {@link openLiveView}, as are the two below. */
export function writeView(view: readonly ScreenLine[]): void {
  process.stderr.write(status.show(view, screenSize()));
}

const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';

/** Begins a view, with a screen of its own or below all else. */
export function beginView({ isFullScreen }: { readonly isFullScreen: boolean }): void {
  process.stderr.write((isFullScreen ? status.enterFullScreen(screenSize()) : '') + HIDE_CURSOR);
}

/** Ends a view; `isLeft` leaves it where it is. */
export function endView({
  isFullScreen,
  isLeft,
}: {
  readonly isFullScreen: boolean;
  readonly isLeft: boolean;
}): void {
  const size = screenSize();
  if (isLeft && !isFullScreen) status.leaveView();
  process.stderr.write((isFullScreen ? status.leaveFullScreen(size) : status.show([], size)) + SHOW_CURSOR);
}

/**
 * Whether stderr is a terminal on which lines can be rewritten, and nobody else uses it: we are not in the background. The log of a CI
 * job is none, also where the job has made itself a terminal for the sake of colours.
 */
export function isStatusSeen(): boolean {
  return ourCiSystem === undefined && isRemarkSeen() && process.env['TERM'] !== 'dumb' && isInForeground();
}

/** Where inquirer draws questions. It moves the cursor, so each text that it gets must already be escaped. */
export function questionOutput(): NodeJS.WriteStream {
  return process.stderr;
}

/**
 * Lets a program that the person chose have the terminal until it ends.
 *
 * @returns its exit code; null if a signal ended it.
 */
export async function runOnTerminal(program: string, args: readonly string[]): Promise<number | null> {
  const [code] = (await once(startOnTerminal(program, args), 'exit')) as [number | null];
  return code;
}

/** Starts such a program. */
export function startOnTerminal(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): ChildProcess {
  // Most commands start no program, and loading what starts them takes a while.
  const { spawn } = process.getBuiltinModule('node:child_process');
  return spawn(program, args, { env, stdio: 'inherit' });
}

/** Sends what libraries print by `console` (grpc-js quotes a server's headers) to stderr as one escaped line. */
export function takeConsole(): void {
  for (const level of ['log', 'info', 'warn', 'error', 'debug', 'trace'] as const)
    console[level] = (...said: unknown[]) => writeRemark(format(...said));
}

/** Whether somebody reads stderr as it is written. */
export function isRemarkSeen(): boolean {
  return process.stderr.isTTY === true;
}
