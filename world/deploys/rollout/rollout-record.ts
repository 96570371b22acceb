import { z } from 'zod';
import { ROLLOUTS_PREFIX } from '../../keys.js';

/** How a deploy ended. It is decided once, by the hosts, and is the same for every viewer. */
export type Verdict = 'healthy' | 'rolled-back' | 'paused' | 'failed' | 'superseded' | 'stopped';

export const VERDICTS = [
  'healthy',
  'rolled-back',
  'paused',
  'failed',
  'superseded',
  'stopped',
] as const satisfies readonly Verdict[];

/** How far the hosts are with a deploy. */
export interface RolloutRecord {
  readonly app: string;
  /** `going-back`: the hosts that have switched return to what they ran before. */
  readonly phase: 'running' | 'paused' | 'going-back' | 'done';
  /** Of a deploy with a schedule: the hosts that it is for, those that were chosen, in the order in which they may switch. */
  readonly hosts?: readonly string[] | undefined;
  /** The host that runs the hook `once` before any host switches. */
  readonly onceHost?: string | undefined;
  /** So many hosts of the entry (or of `hosts`), in its order, may switch. */
  readonly admitted: number;
  /** Those of them that were away when it was their turn, and may not switch yet. */
  readonly skipped?: readonly string[] | undefined;
  /** Hosts that failed before a person resumed the deploy: they do not stop it again. */
  readonly forgiven?: readonly string[] | undefined;
  /** Since `going-back`: the verdict at its end, if all goes well. Absent where the hosts keep what they have. */
  readonly goingBackTo?: 'rolled-back' | 'stopped' | undefined;
  /** A person has confirmed that the fleet can still be reached. */
  readonly confirmed?: true | undefined;
  /** Why it is in this phase, in a sentence. */
  readonly reason?: string | undefined;
  /** The person who resumed, aborted or confirmed it last. */
  readonly by?: string | undefined;
  /** Since when it has been in this phase: ISO 8601. */
  readonly since: string;
  /** Absent while it is under way. Only `paused` is replaced: when a person resumes or aborts it, or a newer one comes. */
  readonly verdict?: Verdict | undefined;
  /** Of the verdict, for people. */
  readonly message?: string | undefined;
}

export const rolloutSchema: z.ZodType<RolloutRecord> = z.object({
  app: z.string(),
  phase: z.enum(['running', 'paused', 'going-back', 'done']),
  hosts: z.array(z.string()).exactOptional(),
  onceHost: z.string().exactOptional(),
  admitted: z.number().int().min(0),
  skipped: z.array(z.string()).exactOptional(),
  forgiven: z.array(z.string()).exactOptional(),
  goingBackTo: z.enum(['rolled-back', 'stopped']).exactOptional(),
  confirmed: z.literal(true).exactOptional(),
  reason: z.string().exactOptional(),
  by: z.string().exactOptional(),
  since: z.string(),
  verdict: z.enum(VERDICTS).exactOptional(),
  message: z.string().exactOptional(),
});

export function rolloutKey(id: number): string {
  return `${ROLLOUTS_PREFIX}${id}`;
}

/** Whether the hosts still have something to decide: not before a person has, for one that is paused. */
export function isOpen(record: RolloutRecord | undefined): boolean {
  return record === undefined || record.phase === 'running' || record.phase === 'going-back';
}

/** The id of the deploy whose rollout has this key; undefined for any other key. */
export function idOfRollout(key: string): number | undefined {
  const id = Number(key.slice(ROLLOUTS_PREFIX.length));
  return Number.isSafeInteger(id) && id > 0 && key === rolloutKey(id) ? id : undefined;
}
