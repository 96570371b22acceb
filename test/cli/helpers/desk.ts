import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ExecutionContext } from 'ava';
import { hawser, type Result, temporaryFolder } from './hawser.js';

/** Nothing listens there: exit code 3 says that hawser went there. */
export const nowhere = 'root@127.0.0.1:1';
export const [wentThere, refused, wrongUsage] = [3, 4, 2] as const;

/** A person's home, and a directory from somebody else. */
export class Desk {
  readonly home: string;
  readonly folder: string;

  private constructor(root: string) {
    this.home = path.join(root, 'home');
    this.folder = path.join(root, 'theirs');
  }

  static async make(t: ExecutionContext, config = `ssh-url: ${nowhere}\n`): Promise<Desk> {
    const desk = new Desk(await temporaryFolder(t));
    await mkdir(desk.home, { mode: 0o700 });
    await mkdir(desk.folder);
    await desk.write(config);
    return desk;
  }

  get file(): string {
    return path.join(this.folder, 'hawser.yaml');
  }

  get env(): { HOME: string } {
    return { HOME: this.home };
  }

  write(config: string): Promise<void> {
    return writeFile(this.file, config);
  }

  hawser(args: readonly string[], cwd = this.folder): Promise<Result> {
    return hawser(args, { cwd, env: this.env });
  }

  status(...more: string[]): Promise<Result> {
    return this.hawser(['status', ...more]);
  }

  async trust(t: ExecutionContext): Promise<void> {
    const { code, stderr } = await this.hawser(['trust', this.folder]);
    t.is(code, 0, stderr);
  }
}
