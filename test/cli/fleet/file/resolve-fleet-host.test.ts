import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { pinRoute, readJumpKeys, resolveFleetHost } from '../../../../cli/fleet/file/resolve-fleet-host.js';
import { ed25519Key, rsaKey } from '../../../tunnel/helpers/host-keys.js';
import { temporaryFolder } from '../../helpers/hawser.js';

const [ours, other, rsa] = [ed25519Key(1).text, ed25519Key(2).text, rsaKey(1).text];
const { signal } = new AbortController();

/** An ssh_config with a host behind two others, and what is known of these. */
async function laptop(t: ExecutionContext, known: readonly string[]) {
  const folder = await temporaryFolder(t);
  const [configFile, knownHosts] = [path.join(folder, 'config'), path.join(folder, 'known_hosts')];
  await writeFile(knownHosts, known.map((line) => `${line}\n`).join(''));
  const lines = [
    'Host far\n  HostName far.example.org\n  ProxyJump near',
    'Host near\n  HostName near.example.org\n  Port 2222\n  ProxyJump bastion',
    'Host bastion\n  HostName 192.0.2.1\n  HostKeyAlias Gate',
    'Host command\n  ProxyCommand nc %h %p',
    `Host *\n  User ann\n  UserKnownHostsFile ${knownHosts}\n  GlobalKnownHostsFile none`,
  ];
  await writeFile(configFile, `${lines.join('\n')}\n`);
  return { configFile, environment: { PATH: process.env['PATH'], HOME: folder } };
}

const known = [
  `gate ${ours}`,
  `[near.example.org]:2222 ${other}`,
  `[near.example.org]:2222 ${rsa}`,
  `@revoked * ${rsa}`,
  `far.example.org ${rsa}`,
];

test('what one laptop knows of jump hosts pins them on another, which knows nothing', async (t) => {
  const from = await laptop(t, known);
  const host = { ssh: 'far', hostKeys: [ours, other] };
  const lines = await readJumpKeys(await resolveFleetHost(host, [], from), { signal });
  t.deepEqual(lines, [`192.0.2.1,gate ${ours}`, `[near.example.org]:2222 ${other}`]);

  const to = await laptop(t, []);
  const resolved = await resolveFleetHost(host, lines, to);
  t.is(resolved.hostKey, `${ours},${other}`);
  t.deepEqual(
    resolved.jumps.map(({ hostKey }) => hostKey),
    [ours, other],
  );
  t.deepEqual(await readJumpKeys(resolved, { signal }), lines, 'pins are known as well');
});

test('the jump of a fleet file takes the place of what ssh_config says', async (t) => {
  const options = await laptop(t, known);
  const direct = await resolveFleetHost(
    { ssh: 'command', user: 'bob', jump: 'root@192.0.2.7', hostKeys: [] },
    [`192.0.2.7 ${ours}`, `* ${other}`],
    options,
  );
  t.like(direct, { user: 'bob', alias: 'command', hostKey: other });
  t.is(direct.proxyCommand, undefined);
  t.like(direct.jumps, [{ user: 'root', host: '192.0.2.7', isJump: true, hostKey: `${ours},${other}` }]);
  const longer = await resolveFleetHost({ ssh: 'far', jump: 'near', hostKeys: [] }, [], options);
  t.deepEqual(
    longer.jumps.map(({ alias }) => alias),
    ['bastion', 'near'],
  );
});

test('a key that the caller gives wins over the fleet file, for the host alone', async (t) => {
  const options = await laptop(t, []);
  const flags = { hostKey: rsa };
  const resolved = await resolveFleetHost({ ssh: 'far', hostKeys: [ours] }, [`gate ${other}`], {
    ...options,
    flags,
  });
  t.is(resolved.hostKey, rsa);
  t.deepEqual(
    resolved.jumps.map(({ hostKey }) => hostKey),
    [other, undefined],
  );
  t.is(pinRoute(resolved, []), resolved);
});
