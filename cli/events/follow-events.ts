import { Notify } from '../../base/notify.js';
import type { WatchItem } from '../../world/client/watch/watch-item.js';
import type { ClientWorld } from '../../world/client-world.js';
import { ENDPOINTS_PREFIX, NOMINATED_PREFIX } from '../../world/keys.js';
import type { ReadCall } from '../deploy/read-deploys.js';
import { MAX_TIMEOUT_MS } from '../output/show-or-watch.js';
import { EventFold } from './event-fold.js';
import type { Happened } from './fleet-event.js';
import { followCluster, seeCluster } from './follow-cluster.js';
import type { SeenCluster } from './kept-fleet.js';
import { readFleet, readFleetBefore } from './read-fleet.js';

/**
 * One watch, so that what it brings is in the order in which it was written: of everything but what follows `/storage`, the content
 * of files and strings.
 */
const WATCHED = { key: '/agents/', upTo: '/storage' };

/** What agents write while the members of their cluster change. */
const SIGNS = [ENDPOINTS_PREFIX, NOMINATED_PREFIX];

/** What happened, and the labels of a host then, by which it may be selected. */
export interface ToldEvents extends Happened {
  readonly labelsOf: (host: string) => Readonly<Record<string, string>>;
}

/**
 * Yields what happens in a fleet, revision by revision; first `watching`, with the revision from which on nothing is missed. Outages are
 * waited out, and told. Ends when the signal aborts.
 *
 * @param from the first revision to tell of. Default: what follows now
 * @throws WorldError `compacted` if etcd has forgotten what was before `from`; `invalid` for one that is still to come;
 * `unavailable` only before the first
 */
export async function* followEvents(
  world: ClientWorld,
  call: ReadCall,
  from?: bigint,
): AsyncGenerator<ToldEvents> {
  try {
    const fold = await begin(world, call, from);
    const labelsOf = (host: string) => fold.labelsOf(host);
    const next = fold.revision + 1n;
    const message = `Watching the fleet from revision ${next} on.`;
    yield { revision: next, happenings: [{ type: 'watching', message }], labelsOf };
    for await (const told of follow(world, call, fold)) yield { ...told, labelsOf };
  } catch (error) {
    if (!call.signal.aborted) throw error;
  }
}

async function begin(world: ClientWorld, call: ReadCall, from: bigint | undefined): Promise<EventFold> {
  if (from !== undefined) return new EventFold(await readFleetBefore(world.client, from, call));
  const [beginning, seen] = await Promise.all([readFleet(world.client, call), seeCluster(world, call)]);
  return new EventFold({ ...beginning, seen });
}

async function* follow(
  world: ClientWorld,
  { signal, timeoutMs }: ReadCall,
  fold: EventFold,
): AsyncGenerator<Happened> {
  const over = new AbortController();
  const call = { signal: AbortSignal.any([signal, over.signal]), timeoutMs };
  const signs = new Notify();
  const fromRevision = fold.revision + 1n;
  const watch = world.client.watch({ ...WATCHED, fromRevision }, { signal: call.signal });
  const cluster = followCluster(world, call, signs);
  for await (const { name, value } of eitherOf(watch, cluster, () => over.abort())) {
    if (name === 'cluster') yield* lookAt(fold, value);
    else {
      yield* await take(world, call, fold, value);
      if (hasSign(value)) signs.notify();
    }
  }
}

function lookAt(fold: EventFold, seen: SeenCluster | undefined): Happened[] {
  return seen === undefined ? fold.miss() : fold.see(seen);
}

async function take(
  world: ClientWorld,
  call: ReadCall,
  fold: EventFold,
  item: WatchItem,
): Promise<Happened[]> {
  if (item.kind === 'events') return fold.write(item.events);
  if (item.kind === 'ready') return [];
  const { fleet, revision } = await readFleet(world.client, { ...call, timeoutMs: MAX_TIMEOUT_MS });
  return fold.startOver(fleet, revision);
}

function hasSign(item: WatchItem): boolean {
  if (item.kind !== 'events') return false;
  return item.events.some(({ entry: { key } }) => SIGNS.some((prefix) => key.startsWith(prefix)));
}

type Either =
  | { readonly name: 'watch'; readonly value: WatchItem }
  | { readonly name: 'cluster'; readonly value: SeenCluster | undefined };

/** What both bring, as it comes; a reader that is slow holds both back. @param end aborts both when the reader leaves, or one fails */
async function* eitherOf(
  watch: AsyncIterableIterator<WatchItem>,
  cluster: AsyncGenerator<SeenCluster | undefined>,
  end: () => void,
): AsyncGenerator<Either> {
  const fromWatch = () => handled(watch.next().then((next) => ({ name: 'watch', ...next }) as const));
  const fromCluster = () => handled(cluster.next().then((next) => ({ name: 'cluster', ...next }) as const));
  let [item, look] = [fromWatch(), fromCluster()];
  try {
    for (;;) {
      const next = await Promise.race([item, look]);
      if (next.done === true) return;
      if (next.name === 'watch') item = fromWatch();
      else look = fromCluster();
      yield next;
    }
  } finally {
    end();
    await Promise.allSettled([item, look]);
  }
}

/** One that may fail while the reader is busy: it is told when its turn comes. */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
