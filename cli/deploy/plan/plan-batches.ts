import type { Deployment } from '../../../world/deploys/deploy-payload.js';
import { orderOf } from '../../../world/deploys/rollout/rollout-order.js';
import { listed } from '../../output/format-quantities.js';
import type { Targets } from '../read-target-hosts.js';

/** How many batches are told one by one. */
const MOST_BATCHES = 5;

/**
 * The hosts in the order in which they switch: those of one batch at a time. Hosts that are away catch up by themselves. One batch
 * where they do not wait for each other; none where nothing is switched, and where the scheduler chooses who does.
 */
export function planBatches(
  { live, away }: Targets,
  draft: Pick<Deployment, 'manifest' | 'noop'>,
): readonly (readonly string[])[] {
  const hosts = [...live].sort();
  if (draft.noop || draft.manifest.schedule !== undefined || hosts.length === 0) return [];
  const order = orderOf({ ...draft, hosts: [...live, ...away] });
  if (order === undefined) return [hosts];
  const batches: string[][] = [];
  for (let at = 0; at < hosts.length; ) {
    const size = at < order.canary ? order.canary - at : order.batch;
    batches.push(hosts.slice(at, at + size));
    at += size;
  }
  return batches;
}

/** The same as lines for a person; none where all switch at once. */
export function formatBatches(batches: readonly (readonly string[])[]): string[] {
  if (batches.length < 2) return [];
  const shown = batches.slice(0, MOST_BATCHES).map((hosts, at) => `    ${at + 1}. ${listed(hosts)}`);
  const more = batches.length - MOST_BATCHES;
  return ['  Batches:', ...shown, ...(more > 0 ? [`    and ${more} more`] : [])];
}
