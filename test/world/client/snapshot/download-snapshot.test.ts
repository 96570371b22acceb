import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import test from 'ava';
import { resolveEtcd } from '../../../../fixtures/fleet/install/etcd-binary.js';
import { Client, WorldError } from '../../../../world/index.js';
import { Etcd } from '../../helpers/etcd.js';
import { snapshotTool } from '../../helpers/etcdctl.js';
import { Link } from '../../helpers/link.js';

let etcd: Etcd;
let folder: string;

test.before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'hawser-snapshot-'));
  etcd = await Etcd.start();
  await using client = Client.create({ endpoints: [etcd.url] });
  for (let index = 0; index < 20; index += 1) await client.set(`/big/${index}`, randomBytes(1_000_000));
});

test.after.always(async () => {
  await etcd[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

test.serial('a snapshot holds everything, and the tool of etcd restores it', async (t) => {
  await using client = Client.create({ endpoints: [etcd.url], namespace: '/not/seen' });
  const file = path.join(folder, 'whole.db');
  await pipeline(client.snapshot(), createWriteStream(file));
  const { revision } = await client.cluster.status();
  const { etcd: program } = await resolveEtcd();
  const status: unknown = JSON.parse(await snapshotTool(program, 'status', file, '-w', 'json'));
  t.like(status, { revision: Number(revision) });
  await snapshotTool(program, 'restore', file, '--data-dir', path.join(folder, 'data'));
});

test.serial('a reader that stops early, or aborts, ends the snapshot', async (t) => {
  await using client = Client.create({ endpoints: [etcd.url] });
  for await (const piece of client.snapshot()) {
    t.true(piece.length > 0);
    break;
  }
  const aborted = new AbortController();
  const reason = new Error('enough');
  await t.throwsAsync(
    async () => {
      for await (const _ of client.snapshot({ signal: aborted.signal })) aborted.abort(reason);
    },
    { is: reason },
  );
});

test.serial('a snapshot that breaks off or stalls is not taken for a complete one', async (t) => {
  await using link = await Link.to(etcd.port);
  await using client = Client.create({ endpoints: [link.url] });
  const broken = { instanceOf: WorldError, code: 'unavailable', message: /not|snapshot/ };
  const read = async (then: () => void): Promise<void> => {
    for await (const _ of client.snapshot({ timeoutMs: 300 })) then();
  };
  await t.throwsAsync(
    read(() => link.cut()),
    broken,
  );
  await t.throwsAsync(
    read(() => link.blackHole()),
    { ...broken, message: /no data for 300 ms/ },
  );
});

test.serial('without an etcd there is no snapshot', async (t) => {
  await using client = Client.create({ endpoints: ['http://127.0.0.1:1'] });
  const snapshot = client.snapshot({ timeoutMs: 200 })[Symbol.asyncIterator]();
  await t.throwsAsync(snapshot.next(), { instanceOf: WorldError, code: 'unavailable' });
});
