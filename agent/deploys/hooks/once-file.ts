import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { type DeployEntry, isSameDeploy } from '../releases/deploy-entry.js';
import { writeWholeFile } from '../releases/write-whole-file.js';

const storedSchema = z.object({ id: z.number(), digest: z.string(), isDone: z.boolean() });

/**
 * Whether this host has run the hook `once` of the newest deploy of an app, in the app's directory: it must not run
 * twice, not even if the agent was killed in the middle of it.
 */
export class OnceFile {
  readonly #file: string;

  constructor(folder: string) {
    this.#file = path.join(folder, 'once.json');
  }

  /** Undefined if it has not been started here. */
  async read(entry: DeployEntry): Promise<'started' | 'done' | undefined> {
    try {
      const stored = storedSchema.parse(JSON.parse(await readFile(this.#file, 'utf8')));
      if (!isSameDeploy(stored, entry)) return undefined;
      return stored.isDone ? 'done' : 'started';
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  async write({ id, digest }: DeployEntry, isDone: boolean): Promise<void> {
    await writeWholeFile(this.#file, JSON.stringify({ id, digest, isDone }));
  }
}
