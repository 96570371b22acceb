import test from 'ava';
import { Client } from '../../../world/index.js';
import { Etcd } from '../helpers/etcd.js';
import { take, takeKeys } from '../helpers/fleet.js';
import { PeerLink } from '../helpers/peer-links.js';

let etcds: readonly Etcd[];
/** By the peer URL of the member that they lead to. */
const links = new Map<string, PeerLink>();

test.before(async () => {
  etcds = await Etcd.cluster(3, [], async (peerUrl) => {
    const link = await PeerLink.to(Number(new URL(peerUrl).port));
    links.set(peerUrl, link);
    return link.url;
  });
});

test.after.always(async () => {
  for (const each of [...etcds, ...links.values()]) await each[Symbol.asyncDispose]();
});

/** Polls until there is a leader: an election may be under way. */
async function untilLed(client: Client): Promise<{ etcd: Etcd; memberId: string }> {
  for (;;) {
    for (const etcd of etcds) {
      const { leader, memberId } = await client.cluster.status(etcd.url);
      if (leader === memberId) return { etcd, memberId };
    }
  }
}

/** Polls until a member follows another leader than this. */
async function untilFollowing(client: Client, url: string, before: string): Promise<void> {
  for (;;) {
    const { leader } = await client.cluster.status(url);
    if (leader !== '0' && leader !== before) return;
  }
}

test.serial('what a client does at a leader that is cut off goes on at the majority', async (t) => {
  await using all = Client.create({ endpoints: etcds.map(({ url }) => url) });
  const { etcd: leading, memberId } = await untilLed(all);
  const others = etcds.filter((etcd) => etcd !== leading).map(({ url }) => url);
  await using client = Client.create({ endpoints: [leading.url, ...others] });
  await using majority = Client.create({ endpoints: others });
  await using session = await client.session({ ttlSeconds: 3 });
  await client.set('/bound', '', { lease: session.lease });
  const watch = client.watch({ key: '/w/', prefix: true });
  await take(watch);
  await client.set('/w/1', '');

  const alone = BigInt(memberId).toString(16);
  for (const [to, link] of links) link.part((sender) => to === leading.peerUrl || sender === alone);
  // A write on the way to the leader that was would be lost, and its answer take until etcd gives it up.
  for (const url of others) await untilFollowing(majority, url, memberId);
  await majority.setIfChanged('/w/2', '');
  t.deepEqual(await takeKeys(watch, 2), ['/w/1', '/w/2']);
  await client.setIfChanged('/w/3', '');
  t.deepEqual(await takeKeys(watch, 1), ['/w/3']);
  // Written by somebody who cannot see what the cut-off leader may have kept to itself.
  t.is((await majority.get('/w/3'))?.version, 1n);
  t.is((await majority.get('/bound'))?.lease, session.lease);
  t.false(session.expired.aborted);

  for (const link of links.values()) link.part(() => false);
  await watch.return?.();
});
