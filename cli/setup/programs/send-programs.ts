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
 * Says how much of each program is there, one a line: `done`, or the bytes of its compressed form. Arguments for each: final
 * path, partial path, hash.
 */
const LOOK = `
while [ $# -ge 3 ]; do
  if [ -f "$1" ] && [ "$(sha256sum <"$1" | cut -d ' ' -f 1)" = "$3" ]; then echo done
  elif [ -e "$2" ]; then wc -c <"$2"
  else echo 0
  fi
  shift 3
done
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

/**
 * Checks, unpacks and gives the final name. What has the right hash can be unpacked, so that a failure then is one of the disk.
 * Arguments: final path, partial path, hash of that.
 */
const FINISH = `
set -e
umask 022
mkdir -p -- "\${1%/*}"
trap 'rm -f -- "$1.new"' EXIT
[ "$(sha256sum <"$2" | cut -d ' ' -f 1)" = "$3" ] || { rm -f -- "$2"; exit 65; }
gzip -dc <"$2" >"$1.new"
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
  const there = await lookFirst(shell, programs, options);
  const missing = programs
    .map((program, index): Found => ({ program, there: there[index] }))
    .filter((one) => one.there !== 'done');
  if (missing.length > 0) options.onStart?.(missing.map(({ program }) => program));
  const settled = await Promise.allSettled(
    missing.map((one) => sendProgram(shell, one.program, one.there, options)),
  );
  let sentBytes = 0;
  const sent: LocalProgram[] = [];
  for (const [index, one] of settled.entries()) {
    if (one.status === 'rejected') throw one.reason;
    sentBytes += one.value;
    const program = missing[index]?.program;
    if (program !== undefined && one.value > 0) sent.push(program);
  }
  return { sentBytes, sent };
}

/** What a host has of a program; undefined if the connection was cut before it could say. */
interface Found {
  readonly program: LocalProgram;
  readonly there: Amount | undefined;
}

/** The bytes of the compressed form, or all of it in its place. */
type Amount = number | 'done';

function placeOf({ path, compressedSha256 }: LocalProgram, { signal }: SendOptions): Place {
  return {
    target: `${PROGRAMS_FOLDER}/${path}`,
    part: `${PROGRAMS_FOLDER}/incoming/${compressedSha256}.gz`,
    signal,
  };
}

async function lookFirst(
  shell: Sender,
  programs: readonly LocalProgram[],
  options: SendOptions,
): Promise<readonly Amount[]> {
  try {
    return await look(shell, programs, options);
  } catch (error) {
    options.signal.throwIfAborted();
    if (isCut(error)) return [];
    throw error;
  }
}

async function sendProgram(
  shell: Sender,
  program: LocalProgram,
  first: Amount | undefined,
  options: SendOptions,
): Promise<number> {
  const place = placeOf(program, options);
  let known = first;
  let sentBytes = 0;
  let furthest = -1;
  for (let tries = 1; ; tries += 1) {
    try {
      const there = known ?? (await look(shell, [program], options))[0] ?? 0;
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
  programs: readonly LocalProgram[],
  options: SendOptions,
): Promise<Amount[]> {
  const { signal } = options;
  const args = programs.flatMap((program) => {
    const { target, part } = placeOf(program, options);
    return [target, part, program.sha256];
  });
  const { stdout } = await shell.run(LOOK, { args, signal, timeoutMs: CHECK_TIMEOUT_MS });
  const said = stdout.trim().split('\n');
  return programs.map((_, index) => {
    const line = said[index]?.trim() ?? '';
    if (line === 'done') return line;
    return Number.isSafeInteger(Number(line)) ? Number(line) : 0;
  });
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
  const args = [target, part, program.compressedSha256];
  const { code, stderr } = await shell.run(FINISH, { args, signal, timeoutMs: CHECK_TIMEOUT_MS });
  if (code === 0) return;
  if (code !== DAMAGED) throw cannotStore(shell.name, program, stderr);
  const message = `The ${program.kind} arrived damaged on ${shell.name}. It was discarded: run the command again.`;
  throw new CliError('failed', message);
}

function cannotStore(host: string, { kind }: LocalProgram, stderr: string): CliError {
  const why = stderr.trim().split('\n').at(-1)?.slice(-300) || 'it did not say why';
  const message = `Could not store the ${kind} in ${PROGRAMS_FOLDER} on ${host}: ${why}. Check that there is space, and run the command again: it continues from there.`;
  return new CliError('failed', message);
}

/** A cut in the middle: what arrived counts. */
function isCut(error: unknown): boolean {
  return error instanceof TunnelError && ['outcome-unknown', 'closed', 'unreachable'].includes(error.code);
}
