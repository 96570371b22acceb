import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { sweepUnusedTrees } from '../../../world/fs/gc/sweep-unused-trees.js';
import { Etcd } from '../helpers/etcd.js';
import { countBlocks, pair, scratch } from './helpers/pair.js';

let etcd: Etcd;

test.before(async () => {
  etcd = await Etcd.start();
});

test.after.always(() => etcd[Symbol.asyncDispose]());

/** The newest deploy of each app is never pruned: here the app is not known any more. */
const NEWEST_OF_WEB = '/hawser/deploys/apps/web';

/** As hawser writes a deploy. */
function deployment(tree: string, more: object = {}): string {
  const manifest = { name: 'web' };
  const of = { message: '', author: '', createdAt: '', noop: false, hosts: [], manifest };
  return JSON.stringify({ hawser: 1, name: 'web', tree, ...of, ...more });
}

test.serial('a tree is freed once no deploy names it, and blocks that others name stay', async (t) => {
  const { worlds, fs } = pair(t, etcd);
  const [world] = worlds;
  const folder = await scratch(t);
  const put = async (...files: readonly (readonly [name: string, data: Buffer])[]) => {
    const from = path.join(folder, String(files.length));
    await mkdir(from);
    for (const [name, data] of files) await writeFile(path.join(from, name), data);
    return (await world.putTree(from)).tree;
  };
  const [large, small] = [randomBytes(3_000_000), randomBytes(1000)];
  await fs[1].writeFile('/small', small);
  const first = await put(['large', large], ['small', small]);
  await world.addDeploy(1, '', '', deployment(first));
  const second = await put(['small', small]);
  await world.addDeploy(2, '', '', deployment(second));
  t.like(await world.fsGc(), { freed: 0, trees: 0 });
  t.is(await world.pruneDeploys(1), 1);
  const swept = await worlds[1].fsGc();
  t.is(swept.trees, 1);
  t.true(swept.freed > 10);
  t.is(swept.kept, 1);
  t.is(await countBlocks(world), 1);
  await t.throwsAsync(world.getTree(first, path.join(folder, 'out')), { code: 'not-found' });
  await world.getTree(second, path.join(folder, 'out'));
  t.is((await fs[0].readFile('/small')).length, 1000);
});

test.serial('the tree of an app that was removed is freed once only its removal names it', async (t) => {
  const { worlds } = pair(t, etcd);
  const [world] = worlds;
  const folder = await scratch(t);
  await writeFile(path.join(folder, 'large'), randomBytes(300_000));
  const { tree } = await world.putTree(folder);
  await world.addDeploy(1, '', '', deployment(tree));
  await world.addDeploy(2, '', '', deployment(tree, { action: 'remove', previous: 1 }));
  t.like(await world.fsGc(), { trees: 0 });
  t.is(await world.pruneDeploys(1), 1);
  t.like(await world.fsGc(), { trees: 1 });
  t.is(await countBlocks(world), 0);
});

test.serial(
  'a tree that a deploy is about to name stays, and a deploy whose tree is gone is refused',
  async (t) => {
    const { worlds } = pair(t, etcd);
    const [world] = worlds;
    const folder = await scratch(t);
    await writeFile(path.join(folder, 'file'), 'deployed');
    const { tree } = await world.putTree(folder);
    t.like(await worlds[1].fsGc(), { freed: 0, trees: 0, kept: 1 });
    await world.addDeploy(1, '', '', deployment(tree));
    // What a newer hawser or another program wrote may name it in its own way.
    await world.client.set('/deploy/1/payload', `{"hawser":2,"trees":["${tree}"]}`);
    t.like(await worlds[1].fsGc(), { freed: 0, trees: 0, kept: 1 });
    await world.addDeploy(2, '', '', 'names nothing');
    await world.client.del(NEWEST_OF_WEB);
    await world.pruneDeploys(1);
    t.like(await worlds[1].fsGc(), { freed: 1, trees: 1 });
    await t.throwsAsync(world.addDeploy(3, '', '', deployment(tree)), {
      code: 'not-found',
      message: /Upload the directory/,
    });
    t.is((await world.putTree(folder)).uploadedBlocks, 1);
    await world.addDeploy(3, '', '', deployment(tree));
    await world.getTree(tree, path.join(folder, 'out'));
  },
);

test.serial(
  'a tree stays when a deploy names it, or it is stored again, right before it would go',
  async (t) => {
    const { worlds } = pair(t, etcd);
    const [world] = worlds;
    const { client } = world;
    const folder = await scratch(t);
    await writeFile(path.join(folder, 'file'), 'deployed');
    const { tree } = await world.putTree(folder);
    await world.addDeploy(1, '', '', deployment(tree));
    await world.addDeploy(2, '', '', 'names nothing');
    await world.client.del(NEWEST_OF_WEB);
    await world.pruneDeploys(1);
    const sweepWhile = async (happening: () => Promise<unknown>) => {
      let [happens, calls] = [true, 0];
      const swept = await sweepUnusedTrees(
        {
          list: (...given) => client.list(...given),
          listTogether: (...given) => client.listTogether(...given),
          txn: async (...given) => {
            calls += 1;
            if (happens) await happening();
            happens = false;
            return client.txn(...given);
          },
        },
        {},
      );
      t.is(calls, 1);
      return swept;
    };
    t.is(await sweepWhile(() => world.putTree(folder)), 0);
    await client.del(`/hawser/trees/${tree}`);
    t.is(await sweepWhile(() => world.addDeploy(3, '', '', deployment(tree))), 0);
    await world.getTree(tree, path.join(folder, 'out'));
    await world.addDeploy(4, '', '', 'names nothing');
    await world.client.del(NEWEST_OF_WEB);
    await world.pruneDeploys(1);
    t.is(await sweepWhile(async () => undefined), 1);
  },
);

test.serial('deploys that come and go while gc runs never lose their tree', async (t) => {
  const { worlds } = pair(t, etcd);
  const [world] = worlds;
  const folder = await scratch(t);
  let sweeping = true;
  let trees = 0;
  const sweep = async () => {
    while (sweeping) {
      await worlds[1].pruneDeploys(1);
      trees += (await worlds[1].fsGc()).trees;
    }
  };
  const swept = sweep();
  // The same few trees again and again, so that one that is found stored is often just being freed.
  for (let id = 1; id <= 24; id += 1) {
    const from = path.join(folder, String(id % 3));
    await mkdir(from, { recursive: true });
    await writeFile(path.join(from, 'file'), `content ${id % 3}`);
    const { tree } = await world.putTree(from);
    await world.addDeploy(id, '', '', deployment(tree));
    await world.getTree(tree, path.join(folder, `out${id}`));
  }
  sweeping = false;
  await swept;
  t.true(trees > 0);
});
