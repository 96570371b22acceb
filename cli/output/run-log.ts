import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import type { LogLevel } from '../../base/log.js';
import { isOurFile } from '../system/is-our-file.js';
import { hasHome, ownStateFolder } from '../system/user-folders.js';
import { visible } from './escape-controls.js';
import { withoutSecrets } from './without-secrets.js';

const MAX_BYTES = 1_048_576;
/** `runs.log`, and `runs.log.1` to `runs.log.3`, the oldest. */
const KEPT = 3;
const FLUSH_AFTER_CHARACTERS = 32_768;
const FLUSH_AFTER_MS = 1_000;
/** A message longer than this is cut. */
const MAX_MESSAGE = 2_000;

/**
 * What a run did, for the person to look up afterwards: `runs.log` in their state directory, private to them. A run writes seldom,
 * and it is no reason for a command to fail.
 */
class RunLog {
  #lines = '';
  #isOpen = false;
  #startedAt = 0;
  #timer: NodeJS.Timeout | undefined;

  /** Begins the log of this run. */
  begin(commandLine: string): void {
    if (!hasHome()) return;
    if (!this.#isOpen) process.once('exit', (code) => this.#end(code));
    this.#isOpen = true;
    this.#startedAt = performance.now();
    this.note('run', commandLine);
  }

  note(kind: LogLevel | 'run' | 'end', message: string): void {
    if (!this.#isOpen) return;
    const text = visible(withoutSecrets(message), MAX_MESSAGE);
    this.#lines += `${new Date().toISOString()} ${process.pid} ${kind} ${text}\n`;
    if (this.#lines.length > FLUSH_AFTER_CHARACTERS) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), FLUSH_AFTER_MS).unref();
  }

  #end(code: number): void {
    this.note('end', `exit code ${code} after ${Math.round(performance.now() - this.#startedAt)} ms`);
    this.#flush();
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const text = this.#lines;
    this.#lines = '';
    try {
      append(text);
    } catch {
      // No space, or no right to write there: the run goes on without a log.
      this.#isOpen = false;
    }
  }
}

export const runLog = new RunLog();

function append(text: string): void {
  const folder = ownStateFolder();
  if (folder === undefined || text === '') return;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { uid, mode } = lstatSync(folder);
  if (!isOurFile(uid) || (mode & 0o022) !== 0) return;
  const file = path.join(folder, 'runs.log');
  const { O_APPEND, O_CREAT, O_WRONLY, O_NOFOLLOW } = constants;
  const descriptor = openSync(file, O_APPEND | O_CREAT | O_WRONLY | O_NOFOLLOW, 0o600);
  try {
    writeSync(descriptor, text);
    if (fstatSync(descriptor).size > MAX_BYTES) rotate(file);
  } finally {
    closeSync(descriptor);
  }
}

function rotate(file: string): void {
  for (let number = KEPT - 1; number > 0; number -= 1) {
    try {
      renameSync(`${file}.${number}`, `${file}.${number + 1}`);
    } catch {
      // There are not so many yet.
    }
  }
  renameSync(file, `${file}.1`);
}
