import { chown, readFile, rename, symlink, unlink } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { readRecord } from '../../../fixtures/fleet/fleet-record.js';
import { runCommand } from '../../../fixtures/fleet/run-command.js';
import { lastingLeftovers, processesNaming } from '../../fixtures/helpers/leftovers.js';
import { waitUntil } from '../../fixtures/helpers/wait-until.js';
import { hawser, startHawser } from '../helpers/hawser.js';
import { privateCache } from '../helpers/private-cache.js';

/** OpenSSH's client, which gives up after two seconds. */
function ssh(config: string, host: string, command: string) {
  return runCommand(['ssh', '-F', config, '-o', 'ConnectTimeout=2', host, command]);
}

test('a lab stays when its command has ended, is broken and mended by others, and goes without a trace', async (t) => {
  const { env, fleets } = await privateCache(t);
  const run = async (...args: string[]) => hawser(['lab', ...args], { env });
  // Where it fails, nothing stays either.
  t.teardown(() => run('down', '--all'));
  const up = await run('up', '--hosts', 'web1,db', '--backend', 'processes', '--name', 'one', '--json');
  t.is(up.code, 0, up.stderr);
  const { sshConfig, folder, hosts } = JSON.parse(up.stdout);
  t.deepEqual(
    hosts.map(({ hostname, faults }: { hostname: string; faults: string[] }) => [hostname, faults]),
    [
      ['web1', []],
      ['db', []],
    ],
  );
  t.is((await ssh(sshConfig, 'web1', 'echo in')).stdout, 'in\n');
  const there = await run('ssh', 'web1', '--', 'cat; exit 7');
  t.deepEqual([there.code, there.stdout, there.stderr], [7, '', '']);

  const second = await run('up', '--name', 'one');
  t.is(second.code, 4);
  t.regex(
    second.stderr,
    /^hawser: A lab named one runs already \(web1, db\): end it with "hawser lab down one"/,
  );

  t.regex((await hawser(['__complete', 'hawser', 'lab', 'cut', ''], { env })).stdout, /^web1\b.*\ndb\b/);
  t.regex((await hawser(['__complete', 'hawser', 'lab', 'down', ''], { env })).stdout, /^one\b/);
  t.is((await run('freeze', 'db', '--json')).stdout, '[{"hostname":"db","faults":["frozen"]}]\n');
  t.regex((await ssh(sshConfig, 'db', 'true')).stderr, /timed out/);
  t.regex((await run('show')).stdout, /^db +\S+ +\S+ +frozen$/m);
  t.is((await run('heal')).stdout, 'web1: no fault\ndb: no fault\n');
  t.is((await ssh(sshConfig, 'db', 'true')).code, 0);
  t.is((await run('kill', 'db', 'web1')).stdout, 'db: killed\nweb1: killed\n');
  t.is((await run('start', 'db')).code, 0, 'a lab of killed hosts is not taken for a dead one');
  t.is((await ssh(sshConfig, 'db', 'true')).code, 0);

  const wrong: [string[], number, RegExp][] = [
    [['cut', 'h9'], 2, /has no host h9: it has web1, db/],
    [['cut', 'db', '--name', 'two'], 2, /No lab two runs; there is one\./],
    [['show', 'two'], 2, /No lab two runs/],
    [['fill-disk', 'db'], 1, /on the disk of this machine; give containers .*--disk/],
    [['delay', 'db', '2h'], 2, /from 0 to 60000/],
    [['clock', 'db', 'soon'], 2, /Write a duration/],
    [['up', '--hosts', '0', '--name', 'zero'], 2, /hosts/],
    [['up', '--hosts', 'A_b', '--name', 'odd'], 2, /A_b is not a valid host name/],
    [['up', '--name', 'No Name'], 2, /name: expected small letters/],
    [['down', 'one', '--all'], 2, /leave out one/],
  ];
  for (const [args, code, message] of wrong) {
    const refused = await run(...args);
    t.is(refused.code, code, args.join(' '));
    t.regex(refused.stderr, message);
    t.is(refused.stderr.trim().split('\n').length, 1);
  }

  const id = path.basename(folder);
  t.is((await run('down')).stdout, 'Removed one.\n');
  t.deepEqual(await lastingLeftovers(id, folder), []);
  t.deepEqual(await fleets(), []);
  t.is((await run('list')).stdout, 'No lab runs. Start one with "hawser lab up".\n');
  t.is((await run('down')).code, 2);
});

test('what is left of a lab that was killed, while it started or later, is removed by the next command', async (t) => {
  const { env, fleets } = await privateCache(t);
  const root = path.join(env.XDG_CACHE_HOME, 'hawser', 'fleets');
  const run = async (...args: string[]) => hawser(['lab', ...args], { env });
  // Where it fails, nothing stays either.
  t.teardown(() => run('down', '--all'));
  const starting = startHawser(['lab', 'up', '--hosts', '30', '--backend', 'processes', '--name', 'unborn'], {
    env,
  });
  let folder = '';
  await waitUntil('its hosts start', async () => {
    folder = path.join(root, (await fleets().catch(() => []))[0] ?? '');
    return (readRecord(folder)?.processes.length ?? 0) > 0;
  });
  starting.kill('SIGKILL');
  const [reaper = ''] = processesNaming(path.basename(folder)).filter((line) => line.includes('reaper-main'));
  process.kill(Number.parseInt(reaper, 10), 'SIGKILL');
  t.is(readRecord(folder)?.kept, false, 'it was not up yet');
  const next = await run('list');
  t.is(next.code, 0);
  t.is(next.stderr, 'Removed what was left of unborn, whose hosts no longer run.\n');
  t.deepEqual(await lastingLeftovers(path.basename(folder), folder), []);

  const up = await run('up', '--hosts', '1', '--backend', 'processes', '--json');
  const lab = JSON.parse(up.stdout);
  for (const line of processesNaming(path.basename(lab.folder)))
    process.kill(Number.parseInt(line, 10), 'SIGKILL');
  const again = await run('up', '--hosts', '1', '--backend', 'processes');
  t.is(again.code, 0, again.stderr);
  t.regex(again.stderr, /^Removed what was left of lab, whose hosts no longer run\.$/m);
  t.deepEqual(await lastingLeftovers(path.basename(lab.folder), lab.folder), []);
  t.is((await run('down')).code, 0);
});

test('a lab that another user has written down is not believed', async (t) => {
  const { env, fleets } = await privateCache(t);
  const run = async (...args: string[]) => hawser(['lab', ...args], { env });
  // Where it fails, nothing stays either.
  t.teardown(() => run('down', '--all'));
  const up = await run('up', '--hosts', '1', '--backend', 'processes', '--json');
  const { folder } = JSON.parse(up.stdout);
  if (process.geteuid?.() === 0) {
    await chown(folder, 12_345, 12_345);
    t.is((await run('list', '--json')).stdout, '[]\n');
    t.is((await run('down')).code, 2);
    await chown(folder, 0, 0);
  }
  // What a link leads to may be anybody's.
  const elsewhere = path.join(env.XDG_CACHE_HOME, 'moved');
  await rename(folder, elsewhere);
  await symlink(elsewhere, folder);
  t.is((await run('list', '--json')).stdout, '[]\n');
  await unlink(folder);
  await rename(elsewhere, folder);
  t.regex(await readFile(path.join(folder, 'fleet.json'), 'utf8'), /"kept":true/);
  t.is((await run('down', '--all')).stdout, 'Removed lab.\n');
  t.deepEqual(await fleets(), []);
});
