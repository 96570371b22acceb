import { rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { ClientWorld, Member } from '../../../world/index.js';
import { viewFleet } from '../checks/fleet-view.js';
import type { ChurnHost } from './churn-host.js';

/** When a host that lost its data is started again: at once, after a while, or when another has taken its place. */
export type Return = 'at once' | 'later' | 'replaced';

const LOOK_MS = 2_000;
const ALL_WITHIN_MS = 5_000;
const REPLACED_WITHIN_MS = 30_000;

/**
 * Kills a host, removes the data of its server and starts it again as it was started first, with `--new-cluster` where
 * that was in its command. Only where every voter has its data: the loss of more than one is a loss of writes, and right so.
 * @returns what happened, for people.
 */
export async function loseData(
  host: ChurnHost,
  world: ClientWorld,
  { back, laterMs, seeds }: { back: Return; laterMs: number; seeds: readonly string[] },
): Promise<string> {
  const voters = await whenAllAnswer(world);
  if (voters === undefined) return `${host.name} keeps its data`;
  const seat = voters.find(({ name }) => name === host.name);
  await host.kill();
  await rm(host.dataFolder, { recursive: true, force: true });
  if (back === 'later') await delay(laterMs);
  if (back === 'replaced' && seat !== undefined) await giveUp(world, seat);
  await host.start(seeds);
  return `${host.name} lost its data and came back ${back}`;
}

/** The voters, as soon as there are three that all answer and stay; undefined where that does not come soon. */
async function whenAllAnswer(world: ClientWorld): Promise<readonly Member[] | undefined> {
  const until = performance.now() + ALL_WITHIN_MS;
  while (performance.now() < until) {
    const view = await viewFleet(world, LOOK_MS).catch(() => undefined); // without a majority nobody can tell
    const voters = view?.members.filter(({ isLearner }) => !isLearner) ?? [];
    // One that is about to shrink may come down to the host that is killed.
    const size = await world.idealClusterSizeGet({ timeoutMs: LOOK_MS }).catch(() => 0);
    if (size >= 3 && voters.length >= 3 && voters.length === view?.answering.length) return voters;
    await delay(200);
  }
  return undefined;
}

/** Lets the others go on without it, as they do by themselves after a while. */
async function giveUp({ client }: ClientWorld, { id }: Member): Promise<void> {
  const until = performance.now() + REPLACED_WITHIN_MS;
  while (performance.now() < until) {
    await client.cluster.memberRemove(id, { timeoutMs: LOOK_MS }).catch(() => undefined); // it is tried again
    const members = await client.cluster.members({ timeoutMs: LOOK_MS }).catch(() => undefined);
    if (members !== undefined && !members.some((member) => member.id === id)) return;
    await delay(200);
  }
}
