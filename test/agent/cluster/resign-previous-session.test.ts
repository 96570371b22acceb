import test from 'ava';
import { resignPreviousSession } from '../../../agent/cluster/members/resign-previous-session.js';
import { Client } from '../../../world/index.js';
import { campaign } from '../../../world/internal.js';
import { CHOOSER_ELECTION } from '../../../world/keys.js';
import { Etcd } from '../../world/helpers/etcd.js';

test.serial('a host that came back does not wait behind what it was, only behind others', async (t) => {
  t.timeout(30_000);
  await using etcd = await Etcd.start();
  await using client = Client.create({ endpoints: [etcd.url] });
  const signal = AbortSignal.timeout(20_000);
  // As after a kill: the key stands, and nobody renews its lease of a minute.
  const killed = await client.leaseFor('killed', 60);
  await client.set(`${CHOOSER_ELECTION}/dead`, 'h1', { lease: killed });
  await using session = await client.session();
  await resignPreviousSession(client, 'h2', session, signal);
  t.not(await client.get(`${CHOOSER_ELECTION}/dead`), undefined, 'it is not the key of h2');
  await resignPreviousSession(client, 'h1', session, signal);
  await using turn = await campaign(client, CHOOSER_ELECTION, 'h1', { signal, session });
  await resignPreviousSession(client, 'h1', session, signal);
  const { succeeded } = await client.txn({ compare: [turn.fence] });
  t.true(succeeded, 'its own turn is none of the earlier ones');
});
