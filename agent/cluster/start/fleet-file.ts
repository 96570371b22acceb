import { open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import type { FleetIdentity } from '../../../world/internal.js';
import { AgentError } from '../../errors.js';
import { readPrivateFile } from '../../prefix/open-private-file.js';

const fleetSchema = z.object({
  uuid: z.uuid(),
  generation: z.int().min(1),
  endpoints: z.array(z.string()),
});

/** The fleet that a prefix belongs to, and its last known endpoints. */
export interface RememberedFleet extends FleetIdentity {
  readonly endpoints: readonly string[];
}

/**
 * `fleet.json` in an agent's prefix, outside etcd's directory, so that a host whose data was removed still knows its
 * fleet.
 */
export class FleetFile {
  readonly #file: string;

  constructor(prefix: string) {
    this.#file = path.join(prefix, 'fleet.json');
  }

  /** @throws AgentError `invalid` if the file exists but is damaged: the host must not be taken for a new one. */
  async read(): Promise<RememberedFleet | undefined> {
    let text: string;
    try {
      text = await readPrivateFile(this.#file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      if (error instanceof AgentError) throw error;
      throw this.#damaged((error as Error).message, error);
    }
    try {
      return fleetSchema.parse(JSON.parse(text));
    } catch (error) {
      throw this.#damaged('it does not name a fleet', error);
    }
  }

  /** Atomic, and on disk once it resolves. */
  async write({ uuid, generation, endpoints }: RememberedFleet): Promise<void> {
    const draft = `${this.#file}.part`;
    await rm(draft, { force: true });
    const handle = await open(draft, 'wx', 0o600);
    try {
      await handle.writeFile(`${JSON.stringify({ uuid, generation, endpoints })}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(draft, this.#file);
  }

  #damaged(why: string, cause: unknown): AgentError {
    const message = `Cannot read which fleet this host belongs to from ${this.#file}: ${why}. Fix it, or remove it if this host should no longer belong to a fleet.`;
    return new AgentError('invalid', message, { cause });
  }
}
