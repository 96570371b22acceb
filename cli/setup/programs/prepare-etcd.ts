import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Architecture, checkElf } from './check-elf.js';
import { downloadEtcd, ETCD_PROGRAMS } from './download-etcd.js';
import { ETCD_RELEASE, type EtcdRelease } from './etcd-release.js';
import type { LocalProgram } from './local-program.js';
import { type KeptProgram, keepNamedProgram, keepProgram, programsCache, readKept } from './program-cache.js';

const NAMED = {
  option: '--etcd',
  what: 'program of etcd',
  takes: 'the file etcd of a release for Linux',
} as const;

/** Which etcd is wanted. */
export interface EtcdOptions {
  readonly architecture: Architecture;
  /** The program itself. Default: the official release, downloaded once and kept. */
  readonly file?: string | undefined;
  readonly release?: EtcdRelease | undefined;
  /** Where releases are; default: those of the project itself. */
  readonly baseUrl?: string | undefined;
  /** Told what takes some seconds, such as `downloading etcd 3.5.0 for x64`. */
  readonly say: (doing: string) => void;
  readonly signal: AbortSignal;
}

/**
 * The programs of etcd for hosts, the server first. One that a person names comes alone, and is known by its hash.
 * @throws CliError `failed` when it cannot be downloaded, or is not the one that it should be; `usage` for a wrong file
 */
export async function prepareEtcd(
  options: EtcdOptions,
): Promise<readonly [LocalProgram, ...(readonly LocalProgram[])]> {
  const { architecture, file, release = ETCD_RELEASE, say } = options;
  const folder = await programsCache();
  if (file !== undefined) {
    await checkElf(file, architecture, NAMED);
    const kept = await keepNamedProgram(file, folder, { name: `etcd-own-${architecture}`, say });
    return [toProgram('etcd', kept, kept.sha256.slice(0, 16))];
  }
  const { version } = release;
  const nameOf = (program: string) => `${program}-${version}-${architecture}`;
  const found = await Promise.all(ETCD_PROGRAMS.map((program) => readKept(folder, nameOf(program))));
  const [etcd, etcdctl] = found.every((kept) => kept !== undefined)
    ? found
    : await fetchRelease({ ...options, release }, folder, nameOf);
  if (etcd === undefined || etcdctl === undefined) throw new RangeError('a release has two programs');
  return [toProgram('etcd', etcd, version), toProgram('etcdctl', etcdctl, version)];
}

async function fetchRelease(
  options: EtcdOptions & { readonly release: EtcdRelease },
  folder: string,
  nameOf: (program: string) => string,
): Promise<KeptProgram[]> {
  const { release, architecture, say } = options;
  say(`downloading etcd ${release.version} for ${architecture}`);
  const scratch = await mkdtemp(path.join(tmpdir(), 'hawser-etcd-'));
  try {
    const unpacked = await downloadEtcd(scratch, options);
    const kept = ETCD_PROGRAMS.map((name) => keepProgram(path.join(unpacked, name), folder, nameOf(name)));
    return await Promise.all(kept);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function toProgram(name: string, kept: KeptProgram, version: string): LocalProgram {
  return { ...kept, kind: 'etcd', version, path: `etcd/etcd-${version}/${name}` };
}
