import test from 'ava';
import fc from 'fast-check';
import { type Client, Client as EtcdClient, followEndpoints, WorldError } from '../../../world/index.js';
import { lock } from '../../../world/internal.js';
import { take } from '../helpers/fleet.js';
import { MemberChurn, type Step } from '../helpers/member-churn.js';

/** After a crash etcd may leave writes unanswered for some seconds, so there is one only. */
const plans: fc.Arbitrary<Step[]> = fc
  .tuple(
    fc.nat(2),
    fc.array(fc.record({ does: fc.constantFrom('grow', 'shrink', 'move-leader'), pick: fc.nat(2) }), {
      minLength: 4,
      maxLength: 4,
    }),
  )
  .map(([pick, steps]) => [
    { does: 'grow', pick: 0 },
    { does: 'grow', pick: 0 },
    { does: 'crash', pick },
    ...steps,
  ]);

/** Takes the lock again and again and writes under it, until `over` aborts. @returns what was acknowledged. */
async function contend(client: Client, name: string, over: AbortSignal): Promise<string[]> {
  const acknowledged: string[] = [];
  for (let round = 0; !over.aborted; round += 1) {
    try {
      await using held = await lock(client, '/l', { signal: over, ttlSeconds: 3 });
      for (let write = 0; write < 5 && !over.aborted; write += 1) {
        const id = `${name}-${round}-${write}`;
        const value = `${held.createRevision} ${id}`;
        const success = [
          { put: '/guarded', value },
          { put: `/w/${id}`, value },
        ];
        const { succeeded } = await client.txn({ compare: [held.fence], success });
        if (!succeeded) break;
        acknowledged.push(id);
      }
    } catch (error) {
      // The lock is lost, or the outcome of the write is unknown: take the lock again.
      if (!over.aborted && !(error instanceof WorldError)) throw error;
    }
  }
  return acknowledged;
}

test.serial('writes under a lock never overlap while members come, go and crash', async (t) => {
  await fc.assert(
    fc.asyncProperty(plans, async (plan) => {
      const connect = (...endpoints: string[]): Client => EtcdClient.create({ endpoints, namespace: '/f' });
      await using churn = await MemberChurn.start(connect);
      const clients = [0, 1, 2, 3].map(() => connect(...churn.endpoints));
      t.teardown(() => Promise.all(clients.map((client) => client.close())));
      const [reader, ...contenders] = clients;
      if (reader === undefined) return;
      for (const client of clients) followEndpoints(client, { seeds: [] });
      const history: string[] = [];
      const watch = reader.watch({ key: '/guarded' });
      await take(watch);
      let wake = (): void => undefined;
      const watched = (async () => {
        for await (const item of watch) {
          if (item.kind === 'restarted') throw new Error('the watch started over');
          if (item.kind !== 'events') continue;
          history.push(...item.events.map(({ entry }) => entry.value.toString()));
          wake();
        }
      })();
      watched.catch(() => wake());
      const over = new AbortController();
      const contending = contenders.map((client, index) => contend(client, `c${index}`, over.signal));
      const until = async (count: number): Promise<void> => {
        while (history.length < count) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      };
      for (const step of plan) await churn.take(step, () => until(history.length + 3));
      over.abort();
      const acknowledged = (await Promise.all(contending)).flat();
      const { entries } = await reader.list('/w/');
      await until(entries.length);
      await watch.return?.();
      await watched;

      const turns = history.map((value) => BigInt(value.split(' ')[0] ?? ''));
      t.deepEqual(
        turns,
        [...turns].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)),
      );
      const written = new Set(history.map((value) => value.split(' ')[1]));
      t.is(written.size, history.length);
      t.deepEqual(
        acknowledged.filter((id) => !written.has(id)),
        [],
      );
      t.is(entries.length, history.length);
      t.log(
        `${plan.map(({ does }) => does).join(', ')}: ${history.length} writes, ${new Set(turns).size} turns`,
      );
    }),
    // To shrink a failure would take as long for each try.
    { numRuns: 1, endOnFailure: true, includeErrorInReport: true },
  );
});
