import { copyFile, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { type BareFleet, createBareFleet } from '../../../../fixtures/fleet/bare/bare-fleet.js';
import { hawserInTerminal } from '../../helpers/terminal.js';
import { Laptop } from './laptop.js';

const host = { packages: ['etcd-server'], hasNode: true };
const NODE = '--use-host-node';

let fleet: BareFleet;
let first: Laptop;
let second: Laptop;

test.before(async () => {
  fleet = await createBareFleet({ hosts: { web1: host, web2: host } });
  first = await Laptop.of(fleet, 'first');
  second = await Laptop.of(fleet, 'second');
});
test.after.always(() => fleet?.close());

const FLEETS = '.config/hawser/fleets';

function fleetsOf({ home }: Laptop): Promise<string[]> {
  return readdir(join(home, FLEETS)).catch(() => []);
}

test.serial(
  'of two laptops that bring up a host at once one wins, and the other leaves no trace',
  async (t) => {
    const options = { cwd: second.home, env: second.env, columns: 200 };
    const terminals = [1, 2].map(() => hawserInTerminal(t, ['up', 'web1', NODE, '--name', 'mine'], options));
    for (const terminal of terminals) await terminal.shows(/Go ahead\?/);
    const [early, late] = terminals;
    const running = first.start(...first.upArguments('web1', NODE, '--name', 'prod', '--yes', '--verbose'));
    await running.says(/begins to write down/);
    running.child.kill('SIGSTOP');
    early?.type('y\r');
    t.is(await early?.exited, 4, early?.screen());
    t.regex(early?.screen() ?? '', /"hawser up" of \S+@\S+ \(pid \d+\) is changing web1; .* Wait until/s);
    running.child.kill('SIGCONT');
    const { code, stdout, stderr } = await running.result;
    t.is(code, 0, stdout + stderr);
    late?.type('y\r');
    t.is(await late?.exited, 4, late?.screen());
    t.regex(late?.screen() ?? '', /has changed web1 since it was looked at here\. Nothing was changed/);
    t.deepEqual(await fleetsOf(second), []);
  },
);

test.serial('a host of another fleet is refused, and named', async (t) => {
  for (const command of [second.up('web1', NODE, '--yes'), second.up('web1', NODE, '--plan')]) {
    const refused = await command;
    t.is(refused.code, 4, refused.stdout + refused.stderr);
    t.regex(refused.stderr, /web1 belongs to another fleet, prod \([0-9a-f-]{36}\): take it out of that one/);
  }
  t.deepEqual(await fleetsOf(second), []);
});

test.serial(
  'of two laptops that change one fleet at once one wins, and the other can go on after it',
  async (t) => {
    await mkdir(join(second.home, FLEETS), { recursive: true, mode: 0o700 });
    for (const file of ['prod.yaml', 'prod.key'])
      await copyFile(join(first.home, FLEETS, file), join(second.home, FLEETS, file));
    const running = first.start(...first.upArguments('web2', NODE, '--yes', '--verbose'));
    await running.says(/web2: begins to write down/);
    running.child.kill('SIGSTOP');
    const late = await second.up('web2', NODE, '--yes');
    t.is(late.code, 4, late.stdout + late.stderr);
    t.regex(late.stderr, /"hawser up" of \S+@\S+ \(pid \d+\) is changing (the fleet prod|web2)/);
    running.child.kill('SIGCONT');
    const { code, stdout, stderr } = await running.result;
    t.is(code, 0, stdout + stderr);
    const again = await second.up('web2', NODE, '--yes');
    t.is(again.code, 0, again.stdout + again.stderr);
    t.regex(again.stdout, /web1 +up .*web2 +up .*Nothing to do\./s);
    const down = await second.run('down', '--all', '--yes');
    t.is(down.code, 0, down.stdout + down.stderr);
  },
);
