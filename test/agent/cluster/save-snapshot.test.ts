import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { saveSnapshot } from '../../../agent/cluster/members/save-snapshot.js';
import { Client } from '../../../world/index.js';
import { Etcd } from '../../world/helpers/etcd.js';

test.serial('a snapshot is taken from a server that answers, and the newest three are kept', async (t) => {
  t.timeout(30_000);
  await using gone = await Etcd.start();
  await using etcd = await Etcd.start();
  await gone.kill();
  const folder = await mkdtemp(path.join(tmpdir(), 'hawser-snapshots-'));
  t.teardown(() => rm(folder, { recursive: true }));
  await using client = Client.create({ endpoints: [gone.url, etcd.url] });
  const files: string[] = [];
  for (let count = 0; count < 4; count += 1) {
    files.push(await saveSnapshot(client, folder, AbortSignal.timeout(10_000)));
    await client.set('/counted', String(count));
  }
  const kept = (await readdir(path.join(folder, 'snapshots'))).sort();
  t.deepEqual(
    kept,
    files.slice(1).map((file) => path.basename(file)),
  );
  t.regex(kept[2] ?? '', /-4\.db$/);
  const { mode, size } = await stat(files[3] ?? '');
  t.is(mode & 0o777, 0o600);
  t.true(size > 1_000);
});
