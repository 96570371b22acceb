import test from 'ava';
import { freePort } from '../../fixtures/fleet/free-port.js';
import { getCertificates, isRenewalDue } from '../../world/agents/host-certificates.js';
import { EtcdWorld } from '../../world/index.js';
import { Authority } from '../world/helpers/authority.js';
import { LocalAgents } from './helpers/local-agents.js';

test.serial('agents with certificates form a cluster that nobody without one can use', async (t) => {
  await using authority = await Authority.create();
  const { certFile, keyFile } = await authority.issue(['IP:127.0.0.1']);
  const { caFile } = authority;
  const flags = ['', 'peer-'].flatMap((side) => [
    ...[`--${side}cert-file`, certFile],
    ...[`--${side}key-file`, keyFile],
    ...[`--${side}trusted-ca-file`, caFile],
  ]);
  await using agents = await LocalAgents.create('3.5');
  for (const name of ['h1', 'h2', 'h3']) {
    const [clientUrl, serverUrl] = [await freePort(), await freePort()].map(
      (port) => `https://127.0.0.1:${port}`,
    );
    if (clientUrl === undefined || serverUrl === undefined) throw new Error('there are no ports');
    const agent = await agents.add(name, { clientUrl, serverUrl });
    const socket = ['--client-urls', `unix://${agent.prefix}/etcd.sock`];
    agent.start(agents.agents.slice(0, agents.agents.length - 1).slice(0, 1), [...flags, ...socket]);
  }
  const endpoints = agents.agents.map(({ clientUrl }) => clientUrl);
  await using world = EtcdWorld.create({
    seeds: endpoints,
    hostname: 'test',
    tls: { caFile, certFile, keyFile },
  });
  for (const agent of agents.agents) await agent.logged(/is a voting member/);
  const members = await world.members();
  t.deepEqual(members.map(({ name, isLearner }) => `${name} ${isLearner}`).sort(), [
    'h1 false',
    'h2 false',
    'h3 false',
  ]);
  t.deepEqual(
    members.flatMap(({ peerUrls }) => peerUrls.filter((url) => !url.startsWith('https:'))),
    [],
  );

  await agents.eventually('the agents say for how long their certificates count', async () => {
    const lives = await getCertificates(world.client);
    return lives.size === 3 && [...lives.values()].every((life) => !isRenewalDue(life));
  });

  for (const { name, prefix, log } of agents.agents) {
    t.notRegex(log, / warn /, name);
    await using near = EtcdWorld.create({ seeds: [`unix://${prefix}/etcd.sock`], hostname: 'near' });
    t.is((await near.members()).length, 3, `the socket of ${name} needs no certificate`);
  }
  await using stranger = EtcdWorld.create({ seeds: endpoints, hostname: 'stranger', tls: { caFile } });
  await t.throwsAsync(stranger.strGet('motd', { timeoutMs: 3_000 }), { message: /certificate/ });
});
