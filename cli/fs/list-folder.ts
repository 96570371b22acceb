import path from 'node:path';
import type { FsStats } from '../../world/fs/file-stats.js';
import type { WorldFs } from '../../world/fs/world-fs.js';

type Call = { readonly signal: AbortSignal; readonly timeoutMs: number };

/** One line of `ls`. */
export interface Listed {
  readonly name: string;
  readonly type: 'file' | 'directory' | 'symlink';
  /** Permissions in octal, such as 644. */
  readonly mode: string;
  readonly sizeBytes: number;
  /** ISO 8601. */
  readonly changedAt: string;
}

/** What is at a path: the entries of a directory, or the file itself. */
export async function listFolder(fs: WorldFs, at: string, call: Call, recursive = false): Promise<Listed[]> {
  const stats = await fs.stat(at, call);
  if (!stats.isDirectory()) return [describe(at, stats)];
  const found = await fs.readdir(at, { ...call, recursive, withFileTypes: true });
  return found.map((entry) =>
    describe(path.posix.relative(at, path.posix.join(entry.parentPath, entry.name)), entry.stats),
  );
}

function describe(name: string, stats: FsStats): Listed {
  return {
    name,
    type: stats.isDirectory() ? 'directory' : stats.isSymbolicLink() ? 'symlink' : 'file',
    mode: (stats.mode & 0o7777).toString(8).padStart(3, '0'),
    sizeBytes: stats.size,
    changedAt: stats.mtime.toISOString(),
  };
}

/** The lines of `tree`: each entry below its directory. */
export function drawTree(listed: readonly Listed[]): string[] {
  return listed.map(({ name, type }) => {
    const parts = name.split('/');
    return `${'  '.repeat(parts.length - 1)}${parts.at(-1)}${type === 'directory' ? '/' : ''}`;
  });
}
