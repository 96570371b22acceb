import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { type DeployEntry, isSameDeploy } from '../releases/deploy-entry.js';
import { writeWholeFile } from '../releases/write-whole-file.js';

/** How a deploy ended on this host. */
export interface Outcome {
  readonly state: 'healthy' | 'failed' | 'rolled-back' | 'skipped';
  readonly step: string;
  readonly message: string;
  readonly logTail?: string | undefined;
  /** The deploy that runs here now; 0 for none. */
  readonly current: number;
  /** ISO 8601. */
  readonly at: string;
}

/** So many are kept: a host may come back to the deploy before the newest one, which it need not report again. */
const KEPT = 8;

const storedSchema = z.array(
  z.object({
    id: z.number(),
    digest: z.string(),
    outcome: z.object({
      state: z.enum(['healthy', 'failed', 'rolled-back', 'skipped']),
      step: z.string(),
      message: z.string(),
      logTail: z.string().exactOptional(),
      current: z.number(),
      at: z.string(),
    }),
  }),
);

/**
 * How the newest deploys of an app ended on this host, in its directory. A restarted agent tries one again only if it
 * does not find it here, and reports what it finds again.
 */
export class OutcomeFile {
  readonly #file: string;

  constructor(folder: string) {
    this.#file = path.join(folder, 'outcomes.json');
  }

  /** Undefined if this deploy has not ended here. */
  async read(entry: DeployEntry): Promise<Outcome | undefined> {
    return (await this.#all()).find((stored) => isSameDeploy(stored, entry))?.outcome;
  }

  async write({ id, digest }: DeployEntry, outcome: Outcome): Promise<void> {
    const others = (await this.#all()).filter((stored) => stored.id !== id);
    const kept = [...others.slice(1 - KEPT), { id, digest, outcome }];
    await writeWholeFile(this.#file, JSON.stringify(kept));
  }

  async #all(): Promise<z.infer<typeof storedSchema>> {
    try {
      return storedSchema.parse(JSON.parse(await readFile(this.#file, 'utf8')));
    } catch {
      return []; // missing or damaged: the deploy is tried again
    }
  }
}
