import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { runCommand } from '../../fixtures/fleet/run-command.js';
import { startFleet } from '../../testing/index.js';

/** Nothing is started for any of these. */
const wrong: readonly (readonly [what: string, options: unknown, code: string, message: RegExp])[] = [
  ['none', { hosts: 0 }, 'invalid-option', /hosts: /],
  ['too many', { hosts: 201 }, 'invalid-option', /hosts: expected a number from 1 to 200, or/],
  ['text', { hosts: '3' }, 'invalid-option', /hosts: expected a number/],
  ['two of one name', { hosts: ['a', 'a'] }, 'invalid-option', /two hosts have the same name/],
  ['a name with a slash', { hosts: ['a/b'] }, 'invalid-option', /a\/b is not a valid host name/],
  [
    'an unknown setting of a host',
    { hosts: [{ name: 'a', sudoo: 'free' }] },
    'invalid-option',
    /hosts\.0: .*sudoo/,
  ],
  ['an unknown option', { host: 3 }, 'invalid-option', /: there is no option host$/],
  ['no object', 3, 'invalid-option', /expected object/],
  [
    'an unknown jump host',
    { hosts: [{ name: 'a', jump: 'b' }] },
    'invalid-option',
    /no host b, through which a/,
  ],
  [
    'a jump host behind another',
    { hosts: ['a', { name: 'b', jump: 'a' }, { name: 'c', jump: 'b' }] },
    'invalid-option',
    /b, through which c is reached, is itself behind a/,
  ],
  ['a user with a colon', { user: 'a:b' }, 'invalid-option', /a:b is not a valid user name/],
  ['an etcd of the future', { etcd: '9.9' }, 'invalid-option', /etcd: .*3\.6/],
  ['a name to escape with', { name: '../x' }, 'invalid-option', /name: expected small letters/],
  ['a disk that is nowhere', { disks: { small: 1 } }, 'invalid-option', /disks/],
  ['another sshd', { sshd: 'new' }, 'invalid-option', /sshd: expected default, old, hardened/],
  ['sudo of a process', { backend: 'processes', sudo: 'free' }, 'unsupported', /sudo needs containers/],
  ['systemd of a process', { backend: 'processes', systemd: true }, 'unsupported', /systemd .* containers/],
];

for (const [what, options, code, message] of wrong) {
  test(`startFleet refuses ${what}`, async (t) => {
    // What a program in JavaScript can hand over.
    await t.throwsAsync(startFleet(options as Parameters<typeof startFleet>[0]), { code, message });
  });
}

test('an aborted start rejects with the reason', async (t) => {
  const reason = new Error('enough');
  await t.throwsAsync(startFleet({ signal: AbortSignal.abort(reason) }), { is: reason });
});

test('a fleet of two is what its text for ssh -F says, also while one is cut off', async (t) => {
  await using fleet = await startFleet({ hosts: 2, agents: false });
  const file = join(fleet.folder, 'text');
  await writeFile(file, fleet.sshConfig);
  const enters = async (name: string) =>
    (await runCommand(['ssh', '-F', file, '-o', 'ConnectTimeout=1', name, 'true'])).code === 0;
  t.deepEqual(
    fleet.hosts.map(({ name }) => name),
    ['h1', 'h2'],
  );
  for (const { sshUrl } of fleet.hosts) t.regex(sshUrl, /^ssh:\/\/[a-z]+@[\d.]+:\d+$/);
  t.deepEqual([await enters('h1'), await enters('h2')], [true, true]);
  await fleet.cut('h1');
  t.deepEqual([await enters('h1'), await enters('h2')], [false, true]);
  await fleet.heal('h1');
  t.true(await enters('h1'));
  await fleet.close();
  t.false(await enters('h2'));
});
