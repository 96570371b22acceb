import { execFile, execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { parseGroup } from '../../agent/options/find-group.js';
import { freePort } from '../../fixtures/fleet/free-port.js';
import { EtcdWorld } from '../../world/index.js';
import { getFleet } from '../../world/internal.js';
import { Authority } from '../world/helpers/authority.js';
import { LocalAgents } from './helpers/local-agents.js';

const isRoot = process.geteuid?.() === 0;
/** Root may choose any; others only one of their own. */
const group = isRoot ? 'daemon' : execFileSync('id', ['-gn'], { encoding: 'utf8' }).trim();
const gid = parseGroup(await readFile('/etc/group', 'utf8'), group);
if (gid === undefined) throw new Error(`this machine has no group ${group}`);

const connectTo = `
  const socket = require('node:net').connect(process.argv[1]);
  socket.on('connect', () => { console.log('entered'); process.exit(0); });
  socket.on('error', ({ code }) => { console.log(code); process.exit(0); });`;

/** What nobody's user is told who connects to a socket, as a member of these groups beside one of its own. */
async function asOther(socketPath: string, groups: readonly number[]): Promise<string> {
  const membership = groups.length === 0 ? ['--clear-groups'] : ['--groups', groups.join(',')];
  const as = ['--reuid', '65534', '--regid', '65534', ...membership, '--no-new-privs', '--'];
  const { stdout } = await promisify(execFile)(
    'setpriv',
    [...as, process.execPath, '-e', connectTo, socketPath],
    { cwd: '/' },
  );
  return stdout.trim();
}

for (const version of ['3.4', '3.5'] as const)
  test.serial(
    `etcd ${version}: a group enters by the socket, beside servers with certificates`,
    async (t) => {
      await using authority = await Authority.create();
      const { certFile, keyFile } = await authority.issue(['IP:127.0.0.1']);
      const { caFile } = authority;
      const tls = ['', 'peer-'].flatMap((side) => [
        ...[`--${side}cert-file`, certFile, `--${side}key-file`, keyFile, `--${side}trusted-ca-file`, caFile],
      ]);
      await using agents = await LocalAgents.create(version);
      await chmod(agents.folder, 0o755);
      const socketOf = (name: string) => path.join(agents.folder, `run-${name}`, 'etcd.sock');
      const flags = new Map<string, string[]>();
      const uuid = randomUUID();
      for (const name of ['h1', 'h2', 'h3', 'h4']) {
        const clientUrl = `https://127.0.0.1:${await freePort()}`;
        const agent = await agents.add(name, {
          clientUrl,
          serverUrl: `https://127.0.0.1:${await freePort()}`,
        });
        const seeds = agents.agents.slice(0, 1).filter((seed) => seed !== agent);
        const access = ['--client-urls', `unix://${socketOf(name)}`, '--socket-group', group];
        // The fourth is no voter: it has the other hosts and its certificate, and no server of its own.
        const size = name === 'h1' ? ['--ideal-cluster-size', '3'] : [];
        flags.set(
          name,
          agent.flags(seeds, [...tls, ...access, ...size, '--stay-member', '--fleet-id', uuid]),
        );
      }
      const [h1, h2, h3, h4] = agents.agents;
      if (h1 === undefined || h2 === undefined || h3 === undefined || h4 === undefined) return t.fail();
      const run = (agent: typeof h1) => agent.run(flags.get(agent.name) ?? []);
      run(h1);
      await h1.votes();
      // Two voters bear no more than one does: both of the others join once they are three.
      for (const agent of [h2, h3]) run(agent);
      for (const agent of [h2, h3]) await agent.votes();
      run(h4);
      await using world = EtcdWorld.create({ seeds: [`unix://${socketOf('h1')}`], hostname: 'test' });
      await agents.eventually('h4 registers', async () => (await world.getAgents()).has('h4'));
      t.is((await world.getAgents()).get('h4')?.protocol, 1);
      t.is((await getFleet(world.client))?.uuid, uuid, 'the identity that was chosen beforehand');
      for (const { log, name } of agents.agents) t.notRegex(log, / warn | error /, name);
      const before = (await world.members()).map(({ name, id }) => `${name} ${id}`).sort();
      t.is(before.length, 3);
      t.regex(await agents.etcdctl(`unix://${socketOf('h2')}`, 'put', '/x', '1'), /OK/);

      const folder = await stat(path.dirname(socketOf('h1')));
      t.is(folder.mode & 0o7777, 0o2750);
      t.is(folder.gid, gid);
      t.is((await stat(socketOf('h1'))).mode & 0o777, 0o770);
      t.is((await stat(h1.prefix)).mode & 0o777, 0o700);
      if (isRoot) {
        t.is(await asOther(socketOf('h1'), [gid]), 'entered');
        t.is(await asOther(socketOf('h1'), []), 'EACCES');
        t.is(await asOther(path.join(path.dirname(socketOf('h1')), 'client:0'), []), 'EACCES');
        t.is(await asOther(path.join(h1.prefix, 'agent.sock'), [gid]), 'EACCES');
      }

      t.deepEqual(await h3.stop(), { code: 0, signal: null });
      await h3.gone();
      run(h3);
      await h3.votes();
      const after = (await world.members()).map(({ name, id }) => `${name} ${id}`).sort();
      t.deepEqual(after, before, 'a restart keeps the member');
      await writeFile(path.join(h3.prefix, 'leave-at-stop'), '');
      await h3.stop();
      await agents.eventually('h4 takes over', async () =>
        (await world.members()).every(({ name, isLearner }) => name !== 'h3' && !isLearner),
      );
      await h4.votes();
    },
  );

test.serial('a directory that holds anything else keeps its mode', async (t) => {
  await using agents = await LocalAgents.create('3.5');
  const agent = await agents.add('h1');
  const folder = path.join(agents.folder, 'etc');
  await mkdir(folder, { mode: 0o755 });
  await writeFile(path.join(folder, 'passwd'), '');
  const access = ['--client-urls', `unix://${folder}/s`, '--socket-group', group];
  agent.run(['--hostname', 'h1', '--prefix', agent.prefix, '--new-cluster', ...access]);
  t.is((await agent.ended()).code, 2);
  await agent.logged(/holds passwd, so its mode is not changed/);
  t.is((await stat(folder)).mode & 0o7777, 0o755);
  const unknown = [...access.slice(0, 3), 'hawser-no-such-group'];
  agent.run(['--hostname', 'h1', '--prefix', agent.prefix, '--new-cluster', ...unknown]);
  t.is((await agent.ended()).code, 2);
  await agent.logged(/has no group "hawser-no-such-group"/);
});
