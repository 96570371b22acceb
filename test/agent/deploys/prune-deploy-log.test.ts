import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { EtcdWorld } from '../../../world/index.js';
import { serialiseDeployment } from '../../../world/internal.js';
import { scratch } from '../../world/fs/helpers/pair.js';
import { LocalAgents } from '../helpers/local-agents.js';

test.serial(
  'a host that went back to an earlier deploy starts again after all others were pruned',
  async (t) => {
    await using agents = await LocalAgents.create('3.5');
    const host = await agents.add('h1');
    host.start();
    await agents.voting('h1');
    await using world = EtcdWorld.create({ seeds: [host.clientUrl], hostname: 'laptop' });
    const { tree } = await world.putTree(await scratch(t));
    const deploy = async (id: number, run: object, wanted: string) => {
      const of = { message: '', author: '', createdAt: '', noop: false, hosts: ['h1'] };
      const payload = { hawser: 1, name: 'app', tree, ...of, manifest: { name: 'app', ...run } };
      await world.addDeploy(id, '', '', JSON.stringify(payload));
      const state = async () => (await world.getReports(id)).get('h1')?.state;
      await agents.eventually(`deploy ${id} is ${wanted}`, async () => (await state()) === wanted);
    };
    await deploy(1, {}, 'healthy');
    await deploy(2, { processes: { main: { run: ['/nonexistent/program'] } } }, 'failed');
    await agents.client.set('/deploy/3/payload', Buffer.from([0xff]));
    await world.pruneDeploys(1);
    await world.fsGc();
    t.is((await host.stop()).code, 0);
    host.start();
    await host.votes();
    // What another program left in the log does not matter to hosts.
    await agents.client.del('/deploy/3/payload');
    await deploy(3, {}, 'healthy');
    let pruned = 0;
    // Which deploy a host runs is told to the fleet a moment later.
    await agents.eventually('the others can go', async () => {
      pruned += await world.pruneDeploys(1);
      return pruned === 2;
    });
    t.deepEqual([...(await world.getDeploys()).keys()], [3]);
  },
);

test.serial(
  'the elected host keeps the log short and frees what went, but never what a host runs',
  async (t) => {
    await using agents = await LocalAgents.create('3.5');
    const host = await agents.add('h1');
    host.start([], ['--keep-deploys', '2', '--quota-backend-bytes', '64MiB']);
    await agents.voting('h1');
    const [etcd] = await host.etcds();
    const flags = (await readFile(`/proc/${etcd?.pid}/cmdline`, 'utf8')).split('\0');
    t.is(flags[flags.indexOf('--quota-backend-bytes') + 1], String(64 * 2 ** 20));

    await using world = EtcdWorld.create({ seeds: [host.clientUrl], hostname: 'laptop' });
    const folder = await scratch(t);
    const deploy = async (id: number, name: string) => {
      await mkdir(path.join(folder, String(id)));
      await writeFile(path.join(folder, String(id), 'file'), randomBytes(1000));
      const { tree } = await world.putTree(path.join(folder, String(id)));
      const of = { message: '', author: '', createdAt: '', noop: false, hosts: ['h1'], manifest: { name } };
      await world.addDeploy(id, '', '', serialiseDeployment({ hawser: 1, name, tree, ...of }));
    };
    const said = async (id: number) => (await world.getReports(id)).get('h1')?.state;
    await deploy(1, 'app');
    await agents.eventually('deploy 1 is healthy', async () => (await said(1)) === 'healthy');
    // A host that was here once and has not come back since.
    const away = { hostname: 'away', state: 'healthy', message: '', at: '', current: 2 };
    await deploy(2, 'app');
    await agents.client.set('/reports/2/away', JSON.stringify(away));
    for (const id of [3, 4, 5]) {
      await deploy(id, 'app');
      await agents.eventually(`deploy ${id} is healthy`, async () => (await said(id)) === 'healthy');
    }
    const kept = async () => [...(await world.getDeploys()).keys()].join();
    await agents.eventually('the log is short', async () => (await kept()) === '2,4,5');
    await agents.eventually('blocks are freed', async () => (await world.fsUsage()).blocks === 3);
    t.regex(host.log, /deleted \d old deploys/);
    await world.getTree(
      (await agents.client.list('/fs/deploy/')).entries[0]?.key.slice('/fs/deploy/'.length) ?? '',
      path.join(folder, 'out'),
    );
    t.is((await host.stop()).code, 0);
  },
);
