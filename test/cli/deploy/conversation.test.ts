import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { DirectEtcd } from '../helpers/direct-etcd.js';
import { hawser, temporaryFolder } from '../helpers/hawser.js';
import { PlayedHosts } from '../helpers/played-hosts.js';
import { hawserInTerminal } from '../helpers/terminal.js';

let etcd: DirectEtcd;
let hosts: PlayedHosts;

test.before(async () => {
  etcd = await DirectEtcd.start();
  hosts = await PlayedHosts.start(etcd, {
    web1: { role: 'web' },
    web2: { role: 'web' },
    db1: { role: 'db' },
  });
});
test.after.always(async () => {
  await hosts?.[Symbol.asyncDispose]();
  await etcd?.[Symbol.asyncDispose]();
});

/** A home with two fleets of which none is chosen, and an app in it. */
async function home(t: ExecutionContext, manifest = 'name: app\n'): Promise<string> {
  const folder = await temporaryFolder(t);
  const fleets = path.join(folder, '.config', 'hawser', 'fleets');
  await mkdir(fleets, { recursive: true, mode: 0o700 });
  await writeFile(path.join(fleets, 'prod.yaml'), `seeds: [${etcd.etcd.url}]\n`, { mode: 0o600 });
  await writeFile(path.join(fleets, 'test.yaml'), 'seeds: [http://127.0.0.1:1]\n', { mode: 0o600 });
  await writeFile(path.join(folder, 'hawser.yaml'), manifest);
  await writeFile(path.join(folder, '.gitconfig'), '[user]\n\tname = Ann\n\temail = ann@example.org\n');
  return folder;
}

async function newest() {
  const list = (await etcd.json(['deploys', 'list'])) as { id: number }[];
  return (await etcd.json(['deploys', 'show', String(list[0]?.id ?? 0)])) as {
    id: number;
    hosts: { hostname: string }[];
    origin: object;
  };
}

test.serial(
  'a deploy asks which fleet and which hosts, shows the batches, and is recorded for those',
  async (t) => {
    const cwd = await home(t, 'name: app\nrollout: { canary: 1 }\n');
    const terminal = hawserInTerminal(t, ['deploy', '.', '--no-wait'], { cwd, columns: 80, rows: 24 });
    await terminal.shows(/To which fleet\?[\s\S]*prod[\s\S]*test/);
    terminal.type('\r');
    await terminal.shows(
      /To which hosts\?[\s\S]*all \(3 hosts: db1, web1 and web2\)[\s\S]*role=db[\s\S]*role=web \(2 hosts: web1 and web2\)/,
    );
    terminal.type('\u001b[B\u001b[B\r');
    await terminal.shows(/Batches:\n +1\. web1\n +2\. web2\n[\s\S]*Deploy app as deploy 1 to web1, web2\?/);
    t.log(terminal.screen());
    terminal.type('\r');
    t.is(await terminal.exited, 0, terminal.screen());
    const { hosts: chosen, origin } = await newest();
    t.deepEqual(
      chosen.map(({ hostname }) => hostname),
      ['web1', 'web2'],
    );
    t.like(origin, { git: 'Ann <ann@example.org>' });
  },
);

test.serial('hosts are chosen by name, and none means that nothing is deployed', async (t) => {
  const args = ['deploy', '.', '--no-wait', '--seeds', etcd.etcd.url];
  const terminal = hawserInTerminal(t, args, { cwd: await home(t) });
  await terminal.shows(/choose by name/);
  terminal.type('\u001b[B\u001b[B\u001b[B\r');
  await terminal.shows(/Which ones\?/);
  terminal.type('\u001b[B \r');
  await terminal.shows(/Deploy app as deploy 2 to web1\?/);
  terminal.type('n\r');
  t.is(await terminal.exited, 1);
  const none = hawserInTerminal(t, args, { cwd: await home(t) });
  await none.shows(/choose by name/);
  none.type('\u001b[B\u001b[B\u001b[B\r');
  await none.shows(/Which ones\?/);
  none.type('\r');
  t.is(await none.exited, 1);
  t.regex(none.screen(), /No host was chosen: nothing was deployed\./);
  t.is((await newest()).id, 1);
});

test.serial('Ctrl-C at either question ends it, and nothing is recorded', async (t) => {
  const fleet = hawserInTerminal(t, ['deploy', '.'], { cwd: await home(t) });
  await fleet.shows(/To which fleet\?/);
  fleet.type('\u0003');
  t.is(await fleet.exited, 130);
  const which = hawserInTerminal(t, ['deploy', '.', '--fleet', 'prod'], { cwd: await home(t) });
  await which.shows(/To which hosts\?/);
  which.type('\u0003');
  t.is(await which.exited, 130);
  t.is((await newest()).id, 1);
});

test.serial('without a terminal, flags say it all, and what is missing is named', async (t) => {
  const cwd = await home(t);
  const run = (...args: string[]) => hawser(['deploy', '.', '--no-wait', ...args], { cwd });
  const undecided = await run('--yes');
  t.is(undecided.code, 2);
  t.regex(undecided.stderr, /Several fleets are known here: prod, test\. Pass --fleet NAME/);
  const unknown = await run('--yes', '--fleet', 'prod', '--hosts', 'web9');
  t.is(unknown.code, 2);
  t.regex(unknown.stderr, /No host of the fleet is called web9/);
  t.is((await run('--yes', '--fleet', 'prod', '--hosts', 'web1,')).code, 2);
  t.is((await newest()).id, 1);
  const plan = await run('--fleet', 'prod', '--hosts', 'role=web', '--plan', '--json');
  t.like(JSON.parse(plan.stdout), { hosts: ['web1', 'web2'], batches: [['web1', 'web2']] });
  const deployed = await run('--yes', '--fleet', 'prod', '--hosts', 'role=db', '--no-git');
  t.is(deployed.code, 0, deployed.stderr);
  const { hosts: chosen, origin } = await newest();
  t.deepEqual(
    chosen.map(({ hostname }) => hostname),
    ['db1'],
  );
  t.false('git' in origin, 'not where git is ignored');
});

test.serial(
  'a fleet without hosts gets the deploy, with a warning; hosts that are all away have not applied it',
  async (t) => {
    await using empty = await DirectEtcd.start();
    const cwd = await home(t);
    const args = ['deploy', cwd, '--yes', '--no-git'];
    const recorded = await empty.run([...args, '--no-wait'], { cwd });
    t.is(recorded.code, 0, recorded.stderr);
    t.regex(
      recorded.stderr,
      /No host applies this now, because the fleet has none; those that join it will\./,
    );
    const played = await PlayedHosts.start(empty, { h1: {} });
    await played[Symbol.asyncDispose]();
    await writeFile(path.join(cwd, 'more'), 'x');
    const away = await empty.run(args, { cwd });
    t.is(away.code, 5, away.stderr);
    t.regex(away.stderr, /No host applies this now, because no agent of theirs is running/);
    await writeFile(path.join(cwd, 'more'), 'y');
    t.is((await empty.run([...args, '--allow-missing'], { cwd })).code, 0);
  },
);
