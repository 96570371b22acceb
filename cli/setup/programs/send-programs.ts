import { createReadStream } from 'node:fs';
import { TunnelError } from '../../../tunnel/errors.js';
import { CliError } from '../../errors.js';
import type { HostShell } from '../host/host-shell.js';
import { type LocalProgram, PROGRAMS_FOLDER } from './local-program.js';

/** How often sending goes on after the connection was lost and nothing more had arrived. */
const MOST_TRIES = 5;

/** For one program over a slow line. */
const SEND_TIMEOUT_MS = 3_600_000;

/** For hashing and unpacking one on a slow disk. */
const CHECK_TIMEOUT_MS = 300_000;

/**
 * Says how much of a program is there: `done`, or the bytes of its compressed form. Arguments: final path, partial path,
 * hash.
 */
const LOOK = `
[ -f "$1" ] && [ "$(sha256sum <"$1" | cut -d ' ' -f 1)" = "$3" ] && { echo done; exit; }
[ -e "$2" ] && wc -c <"$2" || echo 0
`;

/**
 * Goes on with a file. Arguments: partial path, how long it is. It writes at that place rather than at the end: the command of
 * an attempt that was cut may still write there, and then both write the same.
 */
const APPEND = `
set -e
umask 022
mkdir -p -- "\${1%/*}"
umask 077
touch -- "$1"
[ "$(wc -c <"$1")" -ge "$2" ]
{
  [ "$2" -eq 0 ] || dd bs="$2" seek=1 count=0 conv=notrunc 2>/dev/null
  cat
} 1<>"$1"
`;

/** Unpacks, checks and gives the final name. Arguments: final path, partial path, hash. */
const FINISH = `
set -e
umask 022
mkdir -p -- "\${1%/*}"
trap 'rm -f -- "$1.new"' EXIT
gzip -t <"$2" || { rm -f -- "$2"; exit 65; }
gzip -dc <"$2" >"$1.new"
[ "$(sha256sum <"$1.new" | cut -d ' ' -f 1)" = "$3" ] || { rm -f -- "$2"; exit 65; }
chmod 755 -- "$1.new"
sync -- "$1.new" 2>/dev/null || sync
mv -- "$1.new" "$1"
rm -f -- "$2"
rmdir -- "\${2%/*}" 2>/dev/null || :
`;

/** What {@link FINISH} ends with for a file that arrived wrong. */
const DAMAGED = 65;

export interface SendOptions {
  /** Called before the first is sent, with those that the host lacks; not where it has all. */
  readonly onStart?: (programs: readonly LocalProgram[]) => void;
  /** How much of the compressed program has been sent, with what an earlier attempt sent. */
  readonly onProgress?: (program: LocalProgram, thereBytes: number) => void;
  readonly signal: AbortSignal;
}

type Sender = Pick<HostShell, 'name' | 'run'>;

interface Place {
  readonly target: string;
  readonly part: string;
  readonly signal: AbortSignal;
}

/**
 * Sends a host the programs that it does not have, and goes on where an earlier attempt was cut. A program has its final name
 * only when it is whole and on the disk.
 *
 * @returns how many bytes were sent, and of which programs
 * @throws CliError `failed` such as for a full disk; TunnelError when the connection is lost for good
 */
export async function sendPrograms(
  shell: Sender,
  programs: readonly LocalProgram[],
  options: SendOptions,
): Promise<{ readonly sentBytes: number; readonly sent: readonly LocalProgram[] }> {
  let sentBytes = 0;
  const sent: LocalProgram[] = [];
  const found: Found[] = [];
  for (const program of programs) found.push({ program, there: await lookFirst(shell, program, options) });
  const missing = found.filter(({ there }) => there !== 'done');
  if (missing.length > 0) options.onStart?.(missing.map(({ program }) => program));
  for (const { program, there } of missing) {
    const bytes = await sendProgram(shell, program, there, options);
    sentBytes += bytes;
    if (bytes > 0) sent.push(program);
  }
  return { sentBytes, sent };
}

/** What a host has of a program; undefined if the connection was cut before it could say. */
interface Found {
  readonly program: LocalProgram;
  readonly there: number | 'done' | undefined;
}

function placeOf({ path, sha256 }: LocalProgram, { signal }: SendOptions): Place {
  return {
    target: `${PROGRAMS_FOLDER}/${path}`,
    part: `${PROGRAMS_FOLDER}/incoming/${sha256}.gz`,
    signal,
  };
}

async function lookFirst(
  shell: Sender,
  program: LocalProgram,
  options: SendOptions,
): Promise<Found['there']> {
  try {
    return await look(shell, program, placeOf(program, options));
  } catch (error) {
    options.signal.throwIfAborted();
    if (isCut(error)) return undefined;
    throw error;
  }
}

async function sendProgram(
  shell: Sender,
  program: LocalProgram,
  first: Found['there'],
  options: SendOptions,
): Promise<number> {
  const place = placeOf(program, options);
  let known = first;
  let sentBytes = 0;
  let furthest = -1;
  for (let tries = 1; ; tries += 1) {
    try {
      const there = known ?? (await look(shell, program, place));
      known = undefined;
      if (there === 'done') return sentBytes;
      if (there > furthest) tries = 1;
      furthest = Math.max(furthest, there);
      if (there < program.sizeBytes)
        sentBytes += await append(shell, program, { part: place.part, from: there, ...options });
      await finish(shell, program, place);
      return sentBytes;
    } catch (error) {
      options.signal.throwIfAborted();
      if (tries === MOST_TRIES || !isCut(error)) throw error;
    }
  }
}

async function look(
  shell: Sender,
  { sha256 }: LocalProgram,
  { target, part, signal }: Place,
): Promise<number | 'done'> {
  const { stdout } = await shell.run(LOOK, {
    args: [target, part, sha256],
    signal,
    timeoutMs: CHECK_TIMEOUT_MS,
  });
  if (stdout.trim() === 'done') return 'done';
  const size = Number(stdout.trim());
  return Number.isSafeInteger(size) ? size : 0;
}

async function append(
  shell: Sender,
  program: LocalProgram,
  { part, from, onProgress, signal }: SendOptions & { readonly part: string; readonly from: number },
): Promise<number> {
  let sentBytes = 0;
  async function* content(): AsyncGenerator<Uint8Array> {
    for await (const chunk of createReadStream(program.file, { start: from })) {
      sentBytes += (chunk as Buffer).length;
      yield chunk as Buffer;
      onProgress?.(program, from + sentBytes);
    }
  }
  const { code, stderr } = await shell.run(APPEND, {
    args: [part, String(from)],
    input: content(),
    signal,
    timeoutMs: SEND_TIMEOUT_MS,
  });
  if (code === 0) return sentBytes;
  throw cannotStore(shell.name, program, stderr);
}

async function finish(shell: Sender, program: LocalProgram, { target, part, signal }: Place): Promise<void> {
  const args = [target, part, program.sha256];
  const { code, stderr } = await shell.run(FINISH, { args, signal, timeoutMs: CHECK_TIMEOUT_MS });
  if (code === 0) return;
  if (code !== DAMAGED) throw cannotStore(shell.name, program, stderr);
  const message = `The ${program.kind} arrived damaged on ${shell.name}. It was thrown away: run the command again.`;
  throw new CliError('failed', message);
}

function cannotStore(host: string, { kind }: LocalProgram, stderr: string): CliError {
  const why = stderr.trim().split('\n').at(-1)?.slice(-300) || 'it did not say why';
  const message = `Could not store the ${kind} in ${PROGRAMS_FOLDER} on ${host}: ${why}. Check that there is space, and run the command again: it goes on from there.`;
  return new CliError('failed', message);
}

/** A cut in the middle: what arrived counts. */
function isCut(error: unknown): boolean {
  return error instanceof TunnelError && ['outcome-unknown', 'closed', 'unreachable'].includes(error.code);
}
