import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { Nominator } from '../../../agent/cluster/members/nominator.js';
import { Converger } from '../../../agent/track-convergence.js';
import { Client } from '../../../world/index.js';
import { campaign, observe } from '../../../world/internal.js';
import { CHOOSER_ELECTION } from '../../../world/keys.js';
import { Etcd } from '../../world/helpers/etcd.js';

test.serial('a host whose session is lost, in line or elected, stands for election again', async (t) => {
  await using etcd = await Etcd.start();
  await using client = Client.create({ endpoints: [etcd.url] });
  const folder = await mkdtemp(join(tmpdir(), 'nominator-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const over = new AbortController();
  let session = await client.session();
  const nominator = new Nominator({
    client,
    folder,
    hostname: 'h1',
    connect: (endpoints) => Client.create({ endpoints }),
    failures: new Map(),
    session: async () => session,
    fleet: () => undefined,
    size: async () => 1,
    convergerUid: new Converger().register('etcd members'),
    log: () => undefined,
  });
  const key = (): string => `${CHOOSER_ELECTION}/${BigInt(session.lease).toString(16)}`;
  const standing = async (): Promise<void> => {
    for await (const _ of client.watch({ key: key() })) if ((await client.get(key())) !== undefined) return;
  };
  const elected = async (): Promise<void> => {
    for await (const leader of observe(client, CHOOSER_ELECTION)) if (leader?.key === key()) return;
  };
  const lose = async (): Promise<void> => {
    const lost = session;
    session = await client.session();
    await lost.close();
  };
  const other = await campaign(client, CHOOSER_ELECTION, 'h2');
  const running = nominator.run(over.signal);
  await standing();
  await lose();
  await standing();
  await other.close();
  await elected();
  await lose();
  await elected();
  over.abort();
  await t.notThrowsAsync(running);
});
