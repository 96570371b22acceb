import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { EtcdWorld } from '../../world/index.js';
import { Etcd } from '../world/helpers/etcd.js';
import { hawser, temporaryFolder } from './helpers/hawser.js';

for (const version of ['3.4', '3.5'] as const)
  test.serial(`a full etcd ${version} takes writes again after what its error says to do`, async (t) => {
    await using etcd = await Etcd.start(['--quota-backend-bytes', '12000000'], version);
    const flags = ['--seeds', etcd.url];
    const folder = await temporaryFolder(t);
    await writeFile(path.join(folder, 'small'), 'kept');
    t.is((await hawser(['fs', 'put', path.join(folder, 'small'), '/kept', ...flags])).code, 0);
    // Several times the quota: etcd looks at the size that it has committed, which is behind on a fast machine.
    await writeFile(path.join(folder, 'large'), randomBytes(64_000_000));
    const put = await hawser(['fs', 'put', path.join(folder, 'large'), '/large', ...flags]);
    t.is(put.code, 1);
    t.regex(
      put.stderr,
      /database is full: .*hawser deploys prune.*hawser fs gc.*--quota-backend-bytes.*hawser members defrag/,
    );
    t.regex((await hawser(['fs', 'du', ...flags])).stdout, /accepts no writes: .*hawser members defrag/);

    // How much lay free between what was written differs, so either may be, and has to be so.
    const early = await hawser(['members', 'defrag', '--json', ...flags]);
    const small = await hawser(['str', 'set', 'small', 'x', ...flags]);
    t.is(early.code, small.code, small.stderr);
    t.like(JSON.parse(early.stdout), { alarm: early.code === 0 ? 'disarmed' : 'no-room' });
    if (early.code !== 0) t.like(JSON.parse(early.stderr).error, { code: 'no-space' });
    t.is((await hawser(['fs', 'put', path.join(folder, 'large'), '/large', ...flags])).code, 1);

    const pruned = await hawser(['deploys', 'prune', '--keep', '1', ...flags]);
    t.is(pruned.code, 0, pruned.stderr);
    const freed = await hawser(['fs', 'gc', ...flags]);
    t.is(freed.code, 0, freed.stderr);
    t.regex(freed.stdout, /^Freed [1-9]\d+ blocks, kept 1\.\n$/);
    const defrag = await hawser(['members', 'defrag', ...flags]);
    t.is(defrag.code, 0, defrag.stderr);
    t.regex(defrag.stdout, /^NAME +BEFORE +AFTER\nm1 +\d\d\.\d MB +\d+ kB\nThe NOSPACE alarm is cleared/);
    const again = await hawser(['fs', 'put', path.join(folder, 'small'), '/again', ...flags]);
    t.is(again.code, 0, again.stderr);
    await using world = EtcdWorld.create({ seeds: [etcd.url], hostname: 'h1' });
    t.is(await world.fs(world.uri()).readFile('/kept', 'utf8'), 'kept');
    t.deepEqual(await world.client.cluster.alarms(), []);
    t.is(await world.client.get('/hawser/room'), undefined);
  });
