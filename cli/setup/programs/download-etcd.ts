import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { timeLimit } from '../../../base/abort.js';
import { CliError } from '../../errors.js';
import type { Architecture } from './check-elf.js';
import type { EtcdRelease } from './etcd-release.js';

const RELEASES_URL = 'https://github.com/etcd-io/etcd/releases/download';

const TIMEOUT_MS = 300_000;

/** Several times what a release has. */
const MOST_BYTES = 200_000_000;

/** The programs that hosts get of a release. */
export const ETCD_PROGRAMS = ['etcd', 'etcdctl'] as const;

const run = promisify(execFile);

/** Which release, and from where. */
export interface EtcdDownload {
  readonly release: EtcdRelease;
  readonly architecture: Architecture;
  /** Where releases are; default: those of the project itself. */
  readonly baseUrl?: string | undefined;
  readonly signal: AbortSignal;
}

/**
 * Downloads a release of etcd and unpacks its programs into a directory, after its hash has been compared.
 *
 * @returns the directory that has the programs
 * @throws CliError `failed` when it cannot be downloaded, or is not the one that it should be
 */
export async function downloadEtcd(folder: string, download: EtcdDownload): Promise<string> {
  const { release, architecture, baseUrl = RELEASES_URL, signal } = download;
  const { name, sha256 } = release.builds[architecture];
  const title = `etcd-v${release.version}-linux-${name}`;
  const url = `${baseUrl}/v${release.version}/${title}.tar.gz`;
  const archive = path.join(folder, 'etcd.tar.gz');
  const found = await fetchTo(archive, url, signal).catch((error: unknown) => {
    signal.throwIfAborted();
    throw notDownloaded(release.version, url, error);
  });
  if (found !== sha256) throw notGenuine(url, found);
  const members = ETCD_PROGRAMS.map((program) => `${title}/${program}`);
  await run('tar', ['-xzf', archive, '-C', folder, ...members], { signal });
  return path.join(folder, title);
}

/** @returns the hash of what came, in hex */
async function fetchTo(file: string, url: string, signal: AbortSignal): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.any([signal, timeLimit(TIMEOUT_MS)]) });
  if (!response.ok || response.body === null) throw new Error(`the answer is HTTP ${response.status}`);
  const hash = createHash('sha256');
  let size = 0;
  async function* bounded(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of body) {
      size += chunk.length;
      if (size > MOST_BYTES) throw new Error('it is larger than any release of etcd');
      hash.update(chunk);
      yield chunk;
    }
  }
  await pipeline(Readable.fromWeb(response.body), bounded, createWriteStream(file, { mode: 0o600 }));
  return hash.digest('hex');
}

function notDownloaded(version: string, url: string, cause: unknown): CliError {
  const { message, cause: below } = cause as Error & { cause?: Error };
  const why = (below?.message || message).split('\n', 1)[0]?.slice(0, 300);
  return new CliError(
    'failed',
    `Could not download etcd ${version} from ${url}: ${why}. Download and unpack it on another machine and pass --etcd FILE with its program etcd, or install etcd 3.4 or newer on the host.`,
    { cause },
  );
}

function notGenuine(url: string, found: string): CliError {
  return new CliError(
    'failed',
    `${url} is not the release that this version of hawser was made for: its SHA-256 is ${found}. It was not used.`,
  );
}
