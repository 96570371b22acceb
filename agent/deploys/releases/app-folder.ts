import { chmod, chown, lstat, mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { APP_NAME } from '../../../world/internal.js';
import type { Account } from '../accounts/account.js';
import { checkWayTo } from '../accounts/check-way-to.js';

/** Where one app is kept on a host: below `apps/` in the agent's prefix. */
export class AppFolder {
  readonly path: string;
  readonly #prefix: string;

  /** @throws Error for what is no name of an app, and must not become a path */
  constructor(prefix: string, app: string) {
    if (!APP_NAME.test(app))
      throw new Error(
        `"${app.slice(0, 80)}" is no name of an app: lowercase letters, digits and dashes, at most 63`,
      );
    this.#prefix = prefix;
    this.path = path.join(appsFolder(prefix), app);
  }

  /** The names of the apps that are kept on this host. */
  static async list(prefix: string): Promise<string[]> {
    return (await listFolder(appsFolder(prefix))).filter((name) => APP_NAME.test(name));
  }

  /** The releases, by name. Whom the app runs as may read it. */
  get releases(): string {
    return path.join(this.path, 'releases');
  }

  /** The deploys, beside their releases; the agent's own. */
  get records(): string {
    return path.join(this.path, 'deploys');
  }

  /** Where releases are unpacked; only the agent's user may enter it. */
  get incoming(): string {
    return path.join(this.path, 'incoming');
  }

  /** The directories that all releases of the app share. */
  get shared(): string {
    return path.join(this.path, 'shared');
  }

  /** Where the programs of a release read secrets as files, a directory for each release. */
  get secrets(): string {
    return path.join(this.path, 'secrets');
  }

  logFile(process: string): string {
    return path.join(this.path, 'log', `${process}.log`);
  }

  /** Creates what does not exist, and lets those in whom the app runs as, and nobody else. */
  async prepare(account: Account | undefined): Promise<void> {
    if (account !== undefined)
      for (const folder of [this.#prefix, appsFolder(this.#prefix)]) {
        await mkdir(folder, { recursive: true, mode: 0o711 });
        if (((await lstat(folder)).mode & 0o777) !== 0o711) await chmod(folder, 0o711);
      }
    await mkdir(this.path, { recursive: true, mode: 0o700 });
    await Promise.all(
      (
        [
          ['releases', 0o755],
          ['shared', 0o755],
          ['deploys', 0o700],
          ['incoming', 0o700],
          ['log', 0o700],
        ] as const
      ).map(([name, mode]) => mkdir(path.join(this.path, name), { recursive: true, mode })),
    );
    const found = await lstat(this.path);
    const [gid, mode] = account === undefined ? [found.gid, 0o700] : [account.gid, 0o750];
    if (found.gid !== gid) await chown(this.path, found.uid, gid);
    if ((found.mode & 0o777) !== mode) await chmod(this.path, mode);
    if (account !== undefined) await checkWayTo(this.path, account);
  }
}

function appsFolder(prefix: string): string {
  return path.join(prefix, 'apps');
}

/** The names in a directory; none if it does not exist. */
export async function listFolder(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
}
