import { Notify } from '../../base/notify.js';
import type { ClientWorld } from '../../world/client-world.js';
import { type DeployVerdict, deployVerdict, type HostVerdict } from '../../world/deploys/deploy-verdict.js';

export interface WaitOptions {
  readonly world: ClientWorld;
  readonly id: number;
  /** The hosts that should apply it. */
  readonly hosts: readonly string[];
  readonly signal: AbortSignal;
  /** How long the hosts may take. */
  readonly timeoutMs: number;
  /** Those whose agent was not running when the deploy was made. */
  readonly away: readonly string[];
  /** Whether a host whose agent is not running is no failure. */
  readonly allowMissing: boolean;
  /** Called with each host whose verdict changed. */
  readonly onChange: (hostname: string, verdict: HostVerdict) => void;
}

/** How long a host may be away before it counts as lost: a restarted agent is back sooner. */
const LOST_GRACE_MS = 5_000;

/**
 * Follows a deploy until its verdict is final or time runs out (then it is still `pending`). It watches the reports
 * and the agents' sessions, so a host that dies is noticed when its session ends.
 */
export async function waitForVerdict(options: WaitOptions): Promise<DeployVerdict> {
  const { world, id, hosts, allowMissing, onChange } = options;
  const over = new AbortController();
  const signal = AbortSignal.any([options.signal, over.signal, AbortSignal.timeout(options.timeoutMs)]);
  const shown = new Map<string, string>();
  const away = new Set(options.away);
  let judgement: DeployVerdict = deployVerdict({ hosts, reports: new Map(), agents: new Set(hosts) });
  let grace: NodeJS.Timeout | undefined;
  try {
    for await (const _ of eachChange(signal, [
      world.watchReports(id, { signal }),
      world.watchAgents({ signal }),
    ])) {
      const [reports, agents] = await Promise.all([
        world.getReports(id, { signal }),
        world.getAgents({ signal }),
      ]);
      judgement = deployVerdict({ hosts, reports, agents: new Set(agents.keys()), away, allowMissing });
      showChanges(judgement, shown, onChange);
      const mayComeBack = [...judgement.hosts].some(
        ([hostname, { state }]) => state === 'lost' || (state === 'missing' && !away.has(hostname)),
      );
      if (judgement.verdict !== 'pending' && !mayComeBack) return judgement;
      if (judgement.verdict !== 'pending') {
        grace ??= setTimeout(() => over.abort(), LOST_GRACE_MS);
      } else {
        clearTimeout(grace);
        grace = undefined;
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    clearTimeout(grace);
    over.abort();
  }
  options.signal.throwIfAborted();
  return judgement;
}

function showChanges(
  judgement: DeployVerdict,
  shown: Map<string, string>,
  onChange: WaitOptions['onChange'],
): void {
  for (const [hostname, verdict] of judgement.hosts) {
    const line = `${verdict.state} ${verdict.message}`;
    if (verdict.state !== 'waiting' && shown.get(hostname) !== line) onChange(hostname, verdict);
    shown.set(hostname, line);
  }
}

/** Yields whenever any of the sources does; items that come while nobody asks are folded into one. */
async function* eachChange(
  signal: AbortSignal,
  sources: readonly AsyncIterable<void>[],
): AsyncGenerator<void> {
  const changed = new Notify();
  let failure: unknown;
  const pumps = sources.map(async (source) => {
    for await (const _ of source) changed.notify();
  });
  const ended = Promise.all(pumps).catch((error: unknown) => {
    failure = error ?? new Error('a watch ended without a reason');
    changed.notify();
  });
  for (;;) {
    await changed.wait(undefined, signal);
    if (signal.aborted) break;
    if (failure !== undefined) throw failure;
    yield;
  }
  await ended;
}
