import { mkdirSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import path from 'node:path';

/** A kernel cgroup: without root, processes started in it cannot leave it. */
export class Cgroup {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Creates a group below this process's own, or reuses the one with that name; undefined without permission. */
  static make(name: string): Cgroup | undefined {
    for (const own of cgroupFolders(readText('/proc/self/cgroup'), readText('/proc/self/mountinfo'))) {
      const folder = path.join(own, name);
      try {
        mkdirSync(folder, { recursive: true, mode: 0o755 });
        return new Cgroup(folder);
      } catch {
        // Read-only in most containers, and forbidden without root: try the next hierarchy, or none.
      }
    }
    return undefined;
  }

  /** The file that takes the pids of processes to move into the group. */
  get procs(): string {
    return path.join(this.folder, 'cgroup.procs');
  }

  /** The processes of the group and of its subgroups. */
  members(): ReadonlySet<number> {
    const found = new Set<number>();
    for (const folder of foldersIn(this.folder))
      for (const line of readText(path.join(folder, 'cgroup.procs')).split('\n'))
        if (Number(line) > 0) found.add(Number(line));
    return found;
  }

  /** Removes the group if it is empty. */
  remove(): void {
    for (const folder of foldersIn(this.folder).reverse()) {
      try {
        rmdirSync(folder);
      } catch {
        return; // not empty, or removed already: an empty group does no harm
      }
    }
  }
}

/**
 * The directories of the cgroups that a process is in, the unified hierarchy first.
 *
 * @param cgroup `/proc/PID/cgroup`; `mountinfo` lists where the hierarchies are mounted.
 */
export function cgroupFolders(cgroup: string, mountinfo: string): string[] {
  const mounts = mountinfo.split('\n').flatMap(parseMount);
  const groups = cgroup.split('\n').flatMap((line) => {
    const [, id, controllers, group] = /^(\d+):([^:]*):(\/.*)$/.exec(line) ?? [];
    return id === undefined || controllers === undefined || group === undefined
      ? []
      : [{ isUnified: id === '0', controllers, group }];
  });
  const preferred = [
    ...groups.filter(({ isUnified }) => isUnified),
    ...['name=systemd', 'pids', 'freezer'].flatMap((name) =>
      groups.filter(({ isUnified, controllers }) => !isUnified && controllers.split(',').includes(name)),
    ),
  ];
  return preferred.flatMap(({ isUnified, controllers, group }) => {
    const mount = mounts.find((candidate) =>
      isUnified
        ? candidate.type === 'cgroup2'
        : candidate.type === 'cgroup' &&
          controllers.split(',').every((name) => candidate.options.includes(name)),
    );
    if (mount === undefined || !isWithin(group, mount.root)) return [];
    return [path.join(mount.point, path.relative(mount.root, group))];
  });
}

function parseMount(line: string): { root: string; point: string; type: string; options: string[] }[] {
  const [before = '', after = ''] = line.split(' - ');
  const [, , , root, point] = before.split(' ');
  const [type, , options = ''] = after.split(' ');
  if (root === undefined || point === undefined || type === undefined) return [];
  return [{ root, point: point.replaceAll('\\040', ' '), type, options: options.split(',') }];
}

function isWithin(folder: string, root: string): boolean {
  return root === '/' || folder === root || folder.startsWith(`${root}/`);
}

/** A directory and everything below it, parents first. */
function foldersIn(folder: string): string[] {
  try {
    const below = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    return [folder, ...below.flatMap(({ name }) => foldersIn(path.join(folder, name)))];
  } catch {
    return []; // removed meanwhile
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // no such hierarchy, or removed meanwhile
  }
}
