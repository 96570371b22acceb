import type { Return } from './fleet/lose-data.js';
import { type Random, seededRandom } from './random.js';

/** What is done to a host; `seeds` are the other hosts in the order in which it is told of them. */
export type HostAction =
  | { readonly kind: 'start'; readonly seeds: readonly number[] }
  | { readonly kind: 'stop' | 'kill' | 'freeze' | 'thaw' | 'cut' | 'part' | 'heal' }
  /** The data of its server is removed. */
  | { readonly kind: 'lose'; readonly back: Return; readonly laterMs: number };

export type Step =
  | { readonly atMs: number; readonly host: number; readonly action: HostAction }
  | { readonly atMs: number; readonly size: number };

export interface ScheduleOptions {
  readonly seed: number;
  readonly hosts: number;
  readonly durationMs: number;
  /** Whether hosts can be cut off here. */
  readonly canCut: boolean;
}

type Condition = 'up' | 'down' | 'frozen' | 'cut';

const STEP_MS = 1_000;

/** How long a host without its data stays away, where it does for a while; shorter in a short run. */
const LATER_MS = 30_000;

/** So many hosts may be in trouble at a time: mostly a minority of five servers, in a storm a majority. */
const CALM = 2;
const STORM = 4;

/** A calm lasts from 8 to 20 seconds, a storm from 4 to 10. */
const spellSteps = (random: Random, most: number): number =>
  most === CALM ? 8 + random.below(13) : 4 + random.below(7);

const ACTION_OF_TROUBLED = { frozen: 'thaw', cut: 'heal' } as const;
const CONDITION_AFTER = {
  start: 'up',
  stop: 'down',
  kill: 'down',
  freeze: 'frozen',
  thaw: 'up',
  cut: 'cut',
  part: 'cut',
  heal: 'up',
  lose: 'up',
} as const satisfies Record<HostAction['kind'], Condition>;

/**
 * What happens when, determined by the seed: every second something happens to a random host that is possible in the
 * condition that it is in, and now and then the wanted size changes. All hosts are up at the beginning.
 */
export function planSchedule({ seed, hosts, durationMs, canCut }: ScheduleOptions): Step[] {
  const random = seededRandom(seed);
  const conditions: Condition[] = Array.from({ length: hosts }, () => 'up');
  const steps: Step[] = [];
  let most = CALM;
  let spellLeft = spellSteps(random, most);
  for (let atMs = 0; atMs < durationMs; atMs += STEP_MS) {
    if (spellLeft === 0) {
      most = most === CALM ? STORM : CALM;
      spellLeft = spellSteps(random, most);
    }
    spellLeft -= 1;
    const host = pickHost(random, conditions, most);
    const action = pickAction(random, host, conditions, canCut);
    conditions[host] = CONDITION_AFTER[action.kind];
    steps.push({ atMs, host, action });
    if (random.below(5) === 0) steps.push({ atMs: atMs + STEP_MS / 2, size: 1 + random.below(5) });
  }
  return [...steps, ...losses(random, hosts, durationMs)].sort((a, b) => a.atMs - b.atMs);
}

/** Each way to lose data once; the host that founded the cluster when another has taken its place. */
function losses(random: Random, hosts: number, durationMs: number): Step[] {
  const laterMs = Math.min(LATER_MS, durationMs / 5);
  const other = () => 1 + random.below(hosts - 1);
  const returns: readonly (readonly [Return, number])[] = [
    ['replaced', 0],
    ['at once', other()],
    ['later', other()],
  ];
  return returns.map(([back, host], index) => ({
    atMs: Math.round((durationMs * (index + 1)) / 4),
    host,
    action: { kind: 'lose', back, laterMs },
  }));
}

function pickHost(random: Random, conditions: readonly Condition[], most: number): number {
  const all = [...conditions.keys()];
  const troubled = all.filter((host) => conditions[host] !== 'up');
  return random.pick(troubled.length >= most ? troubled : all);
}

function pickAction(
  random: Random,
  host: number,
  conditions: readonly Condition[],
  canCut: boolean,
): HostAction {
  const condition = conditions[host];
  if (condition === 'down') {
    return {
      kind: 'start',
      seeds: random.shuffled([...conditions.keys()].filter((other) => other !== host)),
    };
  }
  if (condition === 'frozen' || condition === 'cut') return { kind: ACTION_OF_TROUBLED[condition] };
  const kind = random.weighted([
    ['stop', 3],
    ['kill', 3],
    ['freeze', 2],
    ['cut', canCut ? 1 : 0],
    ['part', canCut ? 2 : 0],
  ] as const);
  return { kind };
}

/** For people. */
export function describeStep(step: Step): string {
  const at = `${(step.atMs / 1_000).toFixed(1).padStart(6)} s`;
  if ('size' in step) return `${at}  size ${step.size}`;
  const how = step.action.kind === 'lose' ? ` data, back ${step.action.back}` : '';
  return `${at}  ${step.action.kind} h${step.host + 1}${how}`;
}
