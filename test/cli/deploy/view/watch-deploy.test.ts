import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { DirectEtcd } from '../../helpers/direct-etcd.js';
import { temporaryFolder } from '../../helpers/hawser.js';
import { PlayedHosts } from '../../helpers/played-hosts.js';
import { hawserInShell } from '../../helpers/terminal.js';

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

async function app(t: ExecutionContext): Promise<string> {
  const folder = await temporaryFolder(t);
  await writeFile(path.join(folder, 'hawser.yaml'), 'name: app\n');
  await writeFile(path.join(folder, 'where'), folder);
  return folder;
}

test.serial(
  'three hosts of a deploy are watched at 80×24, each where it is, and the terminal is left as it was',
  async (t) => {
    const cwd = await app(t);
    const terminal = hawserInShell(t, ['deploy', '.', '--no-git', '--yes', '--seeds', etcd.etcd.url], {
      cwd,
      columns: 80,
      rows: 24,
    });
    await terminal.shows(/^web2 +waiting/m);
    t.log(terminal.screen());
    await hosts.report(1, 'web1', { state: 'fetching', step: 'fetch', message: 'Fetching the release.' });
    await terminal.shows(/^web1 +fetching +fetch +\ds +Fetching the release\.$/m);
    terminal.type('hello\r\r\r');
    await hosts.report(1, 'db1', {
      state: 'applying',
      step: 'start',
      message: 'Bad \u001b[2J text\n of its own',
    });
    await terminal.shows(/^db1 +applying +start +\ds +Bad \\e\[2J text\\n of its own$/m);
    t.log(terminal.screen());
    t.regex(
      terminal.screen(),
      /Deploy 1 of app {2}\d+s {2}3 hosts: 1 applying, 1 fetching, 1 waiting\nHOST +STATE +STEP +TIME +LAST LINE\ndb1 .*\nweb1 .*\nweb2 .*$/,
    );
    for (const host of ['db1', 'web1', 'web2'])
      await hosts.report(1, host, { state: 'healthy', step: 'health', message: 'Healthy.' });
    await hosts.decide(1, { phase: 'done', verdict: 'healthy' });
    await terminal.shows(/exit code/);
    t.log(terminal.screen());
    t.is(await terminal.exited, 0);
  },
);
