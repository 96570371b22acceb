import test from 'ava';
import { EtcdWay } from '../../../../cli/bridge/etcd-access.js';
import { SudoPasswords } from '../../../../cli/setup/host/sudo-passwords.js';
import { type ChoiceOfGroup, chooseGroup } from '../../../../cli/setup/plan/choose-group-members.js';

const passwords = new SudoPasswords(undefined, undefined);

function seen(
  name: string,
  given: { user?: string; members?: string[]; sudo?: boolean } = {},
): ChoiceOfGroup {
  const { user = 'ann', members, sudo } = given;
  const host = { name, ...(sudo === undefined ? {} : { sudo }) };
  const way = new EtcdWay(host, { user, passwords });
  const shell = { user, sudo: user === 'root' ? ('root' as const) : ('password' as const), way };
  return { host, facts: { groupMembers: members }, shell };
}

test('users who are not root and not in the group are asked about once, and no means sudo', async (t) => {
  const hosts = [
    seen('web1'),
    seen('web2', { user: 'root' }),
    seen('web3', { members: ['ann'] }),
    seen('web4', { user: 'eve', members: ['ann'] }),
    seen('web5', { sudo: true }),
    seen('web6'),
  ];
  const asked: string[] = [];
  const chosen = await chooseGroup(hosts, async (question) => {
    asked.push(question);
    return false;
  });
  t.deepEqual(asked, [
    'Put ann on web1, web6 and eve on web4 into the group hawser, whose members can run anything as root on every host? Without it, commands use sudo there.',
  ]);
  t.deepEqual(
    chosen.map(({ host }) => host.sudo === true),
    [true, false, false, true, true, true],
  );
  t.deepEqual(
    hosts.map(({ shell }) => shell.way.kind),
    ['bridge', undefined, undefined, 'bridge', 'bridge', 'bridge'],
  );
});

test('yes changes nothing, and nobody is asked where nobody is outside', async (t) => {
  const outside = [seen('web1')];
  t.is(await chooseGroup(outside, async () => true), outside);
  t.is(await chooseGroup(outside, true), outside);
  const inside = [seen('web1', { user: 'root' })];
  t.is(
    await chooseGroup(inside, () => {
      throw new Error('asked');
    }),
    inside,
  );
});
