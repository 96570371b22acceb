import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';

/** A program on this machine that hosts are to have. */
export interface LocalProgram {
  readonly kind: 'bundle' | 'runtime' | 'etcd';
  /** Of hawser, Node or etcd. */
  readonly version: string;
  /** Of the program, in hex. */
  readonly sha256: string;
  /** The program compressed by gzip. */
  readonly file: string;
  /** Of that file, in hex. */
  readonly compressedSha256: string;
  /** Of that file. */
  readonly sizeBytes: number;
  /** Where it is on a host, below {@link PROGRAMS_FOLDER}. */
  readonly path: string;
}

/** Where all programs are on a host: not below /var, which SELinux runs nothing from. */
export const PROGRAMS_FOLDER = '/opt/hawser';

/** The hash of a file, in hex. */
export async function hashFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** For people: `hawser 1.2.3`, `Node 24.0.0`. */
export function nameProgram({ kind, version }: Pick<LocalProgram, 'kind' | 'version'>): string {
  return `${{ bundle: 'hawser', runtime: 'Node', etcd: 'etcd' }[kind]} ${version}`;
}

/** The name of a bundle under `releases/`: the beginning of its hash. */
export function releaseOf({ sha256 }: Pick<LocalProgram, 'sha256'>): string {
  return sha256.slice(0, 16);
}
