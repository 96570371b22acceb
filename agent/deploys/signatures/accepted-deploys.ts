import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { writeWholeFile } from '../releases/write-whole-file.js';

const schema = z.record(z.string(), z.record(z.string(), z.number().int().positive()));

/**
 * The highest signed deploy that this host has accepted of each app, by fleet. It is kept beside the apps, so that what was
 * signed once is not replayed after its app was removed.
 */
export class AcceptedDeploys {
  readonly #file: string;

  constructor(prefix: string) {
    this.#file = path.join(prefix, 'accepted-deploys.json');
  }

  /** 0 before the first. */
  async highest(fleet: string, app: string): Promise<number> {
    return (await this.#all())[fleet]?.[app] ?? 0;
  }

  async accept(fleet: string, app: string, id: number): Promise<void> {
    const all = await this.#all();
    const before = all[fleet] ?? {};
    if ((before[app] ?? 0) >= id) return;
    await writeWholeFile(this.#file, JSON.stringify({ ...all, [fleet]: { ...before, [app]: id } }));
  }

  /** A damaged file must not open the way for what was accepted before: reading it fails. */
  async #all(): Promise<z.infer<typeof schema>> {
    const text = await readFile(this.#file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '{}';
      throw error;
    });
    return schema.parse(JSON.parse(text));
  }
}
