import type { RemoteCommand } from '../../tunnel/exec/remote-command.js';
import { shellCommand } from '../../tunnel/exec/shell-command.js';
import type { SftpAttributes, SftpName } from '../../tunnel/sftp/sftp-packets.js';
import { SftpError } from '../../tunnel/sftp/sftp-session.js';
import type { Tunnel } from '../../tunnel/tunnel.js';
import { CliError } from '../errors.js';
import { runScript } from '../setup/host/run-script.js';
import type { RemoteFiles } from './remote-files.js';

/** For one file over a slow line. */
const TRANSFER_TIMEOUT_MS = 24 * 3_600_000;

/** Sessions at a time: some servers allow no more on one connection. */
const SESSIONS = 2;

const MOST_LISTED_BYTES = 64_000_000;

/** What scripts end with where there is nothing. */
const ABSENT = 44;

const FIELDS = '%f %s %Y %u %g';
const STAT = `[ -e "$1" ] || exit ${ABSENT}; stat -L -c '${FIELDS}' -- "$1"`;
const LSTAT = `[ -e "$1" ] || [ -L "$1" ] || exit ${ABSENT}; stat -c '${FIELDS}' -- "$1"`;
const LIST = `cd -- "$1" && find . -mindepth 1 -maxdepth 1 -exec sh -c '
for one; do stat -c "${FIELDS}" -- "$one" && printf "%s\\0" "\${one#./}"; done' sh {} +`;
/** Opened first: how `tail` ends is not told. */
const READ = 'exec <"$1" || exit 1; tail -c +"$2" | head -c "$3"';

/** Arguments: path, where to go on, \`new\`. It writes at that place, as what an attempt that was cut still writes is the same. */
const WRITE = `
umask 077
if [ "$3" = new ]; then set -C; : >"$1" || exit 1; set +C; fi
{ [ "$2" -eq 0 ] || dd bs="$2" seek=1 count=0 conv=notrunc 2>/dev/null; cat; } 1<>"$1"
`;
const ATTRIBUTES = `
[ -z "$2" ] || chown -h -- "$2" "$1" || exit 1
[ -z "$3" ] || chmod -- "$3" "$1" || exit 1
[ -z "$4" ] || touch -c -d "@$4" -- "$1"
`;

/** The files of a host without SFTP, through commands of its shell. */
export class ShellFiles implements RemoteFiles {
  readonly #tunnel: Tunnel;
  readonly #hostname: string;
  readonly #signal: AbortSignal;
  readonly #waiting: (() => void)[] = [];
  #free = SESSIONS;

  constructor(tunnel: Tunnel, hostname: string, signal: AbortSignal) {
    this.#tunnel = tunnel;
    this.#hostname = hostname;
    this.#signal = signal;
  }

  async stat(path: Buffer): Promise<SftpAttributes | undefined> {
    return parseFields(await this.#run(STAT, [path]));
  }

  async lstat(path: Buffer): Promise<SftpAttributes | undefined> {
    return parseFields(await this.#run(LSTAT, [path]));
  }

  async *list(path: Buffer): AsyncGenerator<SftpName> {
    const bytes = await this.#bytesOf(LIST, path);
    for (let at = 0; at < bytes.length; ) {
      const cut = bytes.indexOf(0x0a, at);
      const end = bytes.indexOf(0, cut);
      if (cut < 0 || end < 0) throw new RangeError('a list that breaks off');
      const attributes = parseFields(bytes.toString('latin1', at, cut));
      if (attributes === undefined) throw new RangeError('a list that is none');
      yield { name: bytes.subarray(cut + 1, end), attributes };
      at = end + 1;
    }
  }

  async *read(
    path: Buffer,
    { from, to }: { readonly from: number; readonly to: number },
  ): AsyncGenerator<Buffer> {
    await this.#enter();
    try {
      yield* this.#output(READ, [path], [String(from + 1), String(to - from)]);
    } finally {
      this.#leave();
    }
  }

  async write(
    path: Buffer,
    content: AsyncIterable<Buffer>,
    { from, isNew, onWritten }: Parameters<RemoteFiles['write']>[2],
  ): Promise<void> {
    async function* counted(): AsyncGenerator<Buffer> {
      for await (const bytes of content) {
        yield bytes;
        onWritten(bytes.length);
      }
    }
    await this.#run(WRITE, [path], [String(from), isNew ? 'new' : ''], counted());
  }

  async setAttributes(path: Buffer, { uid, gid, mode, mtimeSeconds }: SftpAttributes): Promise<void> {
    const owner = uid === undefined || gid === undefined ? '' : `${uid}:${gid}`;
    const permissions = mode === undefined ? '' : (mode & 0o7777).toString(8);
    await this.#run(
      ATTRIBUTES,
      [path],
      [owner, permissions, mtimeSeconds === undefined ? '' : `${mtimeSeconds}`],
    );
  }

  async makeFolder(path: Buffer, mode: number): Promise<void> {
    await this.#run('mkdir -m "$2" -- "$1"', [path], [mode.toString(8)]);
  }

  async remove(path: Buffer): Promise<void> {
    await this.#run('rm -- "$1"', [path]);
  }

  async readLink(path: Buffer): Promise<Buffer> {
    const said = await this.#bytesOf('readlink -- "$1"', path);
    return said.subarray(0, -1);
  }

  async makeLink(target: Buffer, path: Buffer): Promise<void> {
    await this.#run('ln -s -- "$2" "$1"', [path], [textOf(target, this.#hostname)]);
  }

  async replace(from: Buffer, to: Buffer): Promise<void> {
    await this.#run(
      '[ ! -d "$2" ] || [ -L "$2" ] || exit 1; mv -f -T -- "$1" "$2" 2>/dev/null || mv -f -- "$1" "$2"',
      [from, to],
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Each command ends by itself.
  }

  /** All that a script says of a path, which need not be text. */
  #bytesOf(script: string, path: Buffer): Promise<Buffer> {
    return this.#inTurn(async () => {
      const chunks: Buffer[] = [];
      let size = 0;
      for await (const chunk of this.#output(script, [path])) {
        chunks.push(chunk);
        size += chunk.length;
        if (size > MOST_LISTED_BYTES) throw new RangeError('a list without end');
      }
      return Buffer.concat(chunks);
    });
  }

  /** @returns what it said; undefined where there is nothing at the path */
  async #run(
    script: string,
    paths: readonly Buffer[],
    more: readonly string[] = [],
    input?: AsyncIterable<Buffer>,
  ): Promise<string | undefined> {
    const args = [...paths.map((path) => pathOf(path, this.#hostname)), ...more];
    const host = { name: this.#hostname, tunnel: this.#tunnel };
    const { code, stdout, stderr } = await this.#inTurn(() =>
      runScript(
        host,
        script,
        { prefix: [] },
        {
          args,
          signal: this.#signal,
          timeoutMs: TRANSFER_TIMEOUT_MS,
          ...(input && { input }),
        },
      ),
    );
    if (code === ABSENT) return undefined;
    if (code === 0) return stdout;
    throw new SftpError(WORDS, lastLine(stderr));
  }

  async *#output(
    script: string,
    paths: readonly Buffer[],
    more: readonly string[] = [],
  ): AsyncGenerator<Buffer> {
    const args = [...paths.map((path) => pathOf(path, this.#hostname)), ...more];
    const line = shellCommand(['sh', '-c', script, 'sh', ...args]);
    const command: RemoteCommand = await this.#tunnel.exec(line, { signal: this.#signal });
    command.stdin.end();
    let words = '';
    command.stderr.setEncoding('utf8').on('data', (text: string) => {
      words = (words + text).slice(-1_000);
    });
    try {
      yield* command.stdout;
      const { code } = await command.exit;
      if (code !== 0) throw new SftpError(WORDS, lastLine(words));
    } finally {
      await command.close();
    }
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    await this.#enter();
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  async #enter(): Promise<void> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }
}

/** No status of SFTP: the words of the host say it all. */
const WORDS = 0xffff;

function lastLine(stderr: string): string {
  return stderr.trim().split('\n').at(-1)?.slice(-300) ?? '';
}

function parseFields(said: string | undefined): SftpAttributes | undefined {
  if (said === undefined) return undefined;
  const [, mode = '', size, mtime, uid, gid] =
    /^([0-9a-f]{1,8}) (\d{1,16}) (-?\d{1,12}) (\d{1,10}) (\d{1,10})\n?$/.exec(said) ?? [];
  if (mode === '') throw new RangeError('no answer of stat');
  return {
    mode: Number.parseInt(mode, 16),
    sizeBytes: Number(size),
    mtimeSeconds: Number(mtime),
    uid: Number(uid),
    gid: Number(gid),
  };
}

/** A path that no program takes for an option. */
function pathOf(path: Buffer, hostname: string): string {
  const text = textOf(path, hostname);
  return text.startsWith('-') ? `./${text}` : text;
}

/** @throws CliError `failed` for bytes that a command line cannot carry */
function textOf(bytes: Buffer, hostname: string): string {
  const text = bytes.toString('utf8');
  if (Buffer.from(text).equals(bytes)) return text;
  throw new CliError(
    'failed',
    `Could not copy ${text}: ${hostname} has no SFTP, and without it names have to be UTF-8.`,
  );
}
