import { z } from 'zod';
import { ROLLOUTS_PREFIX } from '../../keys.js';
import type { Manifest } from '../manifest.js';

/** How a deploy ended. It is decided once, by the hosts, and is the same for every viewer. */
export type Verdict = 'healthy' | 'rolled-back' | 'paused' | 'failed' | 'superseded' | 'stopped';

/** How far the hosts are with a deploy. */
export interface RolloutRecord {
  readonly app: string;
  /** `going-back`: the hosts that have switched return to what they ran before. */
  readonly phase: 'running' | 'paused' | 'going-back' | 'done';
  /** So many hosts of the entry, in its order, may switch. */
  readonly admitted: number;
  /** In `going-back`: the verdict at its end. */
  readonly goingBackTo?: 'rolled-back' | 'stopped' | undefined;
  /** A person has confirmed that the fleet can still be reached. */
  readonly confirmed?: true | undefined;
  /** Why it is in this phase, in a sentence. */
  readonly reason?: string | undefined;
  /** The person who resumed, aborted or confirmed it last. */
  readonly by?: string | undefined;
  /** Since when it has been in this phase: ISO 8601. */
  readonly since: string;
  /** Absent while it is under way. Only `paused` is replaced, when a person resumes or aborts the deploy. */
  readonly verdict?: Verdict | undefined;
  /** Of the verdict, for people. */
  readonly message?: string | undefined;
}

export const rolloutSchema: z.ZodType<RolloutRecord> = z.object({
  app: z.string(),
  phase: z.enum(['running', 'paused', 'going-back', 'done']),
  admitted: z.number().int().min(0),
  goingBackTo: z.enum(['rolled-back', 'stopped']).exactOptional(),
  confirmed: z.literal(true).exactOptional(),
  reason: z.string().exactOptional(),
  by: z.string().exactOptional(),
  since: z.string(),
  verdict: z.enum(['healthy', 'rolled-back', 'paused', 'failed', 'superseded', 'stopped']).exactOptional(),
  message: z.string().exactOptional(),
});

export function rolloutKey(id: number): string {
  return `${ROLLOUTS_PREFIX}${id}`;
}

/** Whether the hosts of a deploy wait to be admitted; else all switch at once. */
export function isOrdered({ rollout, hooks }: Manifest): boolean {
  return rollout?.batch !== undefined || rollout?.canary !== undefined || hooks?.once !== undefined;
}
