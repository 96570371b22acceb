import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Topic } from './topic.js';

export interface FuzzOptions {
  readonly topics: readonly Topic[];
  readonly seed: number;
  /** The short form goes through every topic once; the long one goes on until this says no. */
  readonly goesOn?: (() => boolean) | undefined;
  readonly say: (text: string) => void;
}

/** One parser that does what it must not. */
export interface FuzzFailure {
  readonly topic: string;
  /** With it, `--only` this topic and `--minutes 0`, the same happens again. */
  readonly seed: number;
  readonly input: string;
  readonly problem: string;
}

export interface FuzzReport {
  /** By topic: inputs, and checks made with them. */
  readonly counts: ReadonlyMap<string, { cases: number; checks: number }>;
  readonly failure?: FuzzFailure;
}

/** Tries the topics in turn, with another seed each time round, until one fails or it has been enough. */
export async function runFuzz({ topics, seed, goesOn, say }: FuzzOptions): Promise<FuzzReport> {
  const folder = await mkdtemp(join(tmpdir(), 'fuzz-'));
  const counts = new Map(topics.map(({ name }) => [name, { cases: 0, checks: 0 }]));
  const size = goesOn === undefined ? 'short' : 'long';
  try {
    for (let turn = 0; turn === 0 || goesOn?.(); turn += 1) {
      for (const topic of topics) {
        say(`${topic.name} with seed ${seed + turn}`);
        const outcome = await topic.round({ seed: seed + turn, runs: topic.runs[size], folder });
        const count = counts.get(topic.name);
        if (count !== undefined) {
          count.cases += outcome.cases;
          count.checks += outcome.checks;
        }
        if (outcome.failure) {
          return { counts, failure: { topic: topic.name, seed: seed + turn, ...outcome.failure } };
        }
      }
    }
    return { counts };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
