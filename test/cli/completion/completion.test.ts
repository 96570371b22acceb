import { execFile } from 'node:child_process';
import { chmod, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { programFile } from '../../../fixtures/fleet/project-paths.js';
import { DirectEtcd } from '../helpers/direct-etcd.js';
import { temporaryFolder } from '../helpers/hawser.js';
import { hostile } from '../helpers/hostile.js';

const run = promisify(execFile);

/** What bash would offer after a line was typed: each candidate as it would stand in the line. */
const ASK_BASH = `
source <(hawser completion bash)
line=$1
COMP_LINE=$line COMP_POINT=\${#line}
read -ra COMP_WORDS <<<"$(sed -E 's/([=@:])/ \\1 /g' <<<"$line")"
case $line in *' ') COMP_WORDS+=('') ;; esac
COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
_hawser 2>/dev/null
printf '%s\\n' "\${COMPREPLY[@]}"
`;

test('bash completes commands, options, hosts, apps and fleets, and asks no host', async (t) => {
  const home = await temporaryFolder(t);
  const bin = path.join(home, 'bin');
  const fleets = path.join(home, '.config', 'hawser', 'fleets');
  await mkdir(bin);
  await mkdir(fleets, { recursive: true, mode: 0o700 });
  await mkdir(path.join(home, '.ssh'), { mode: 0o700 });
  await writeFile(path.join(home, '.ssh', 'config'), 'Host gate\n  HostName 192.0.2.1\n', { mode: 0o600 });
  await writeFile(path.join(bin, 'hawser'), `#!/bin/sh\nexec ${process.execPath} ${programFile} "$@"\n`);
  await chmod(path.join(bin, 'hawser'), 0o755);
  const hosts = { web1: { ssh: 'root@192.0.2.1', labels: { role: 'web' } }, web2: { ssh: 'root@192.0.2.2' } };
  await writeFile(path.join(fleets, 'prod.yaml'), JSON.stringify({ name: 'prod', hosts }), { mode: 0o600 });
  const env = { HOME: home, PATH: `${bin}:${process.env['PATH']}` };
  const offered = async (line: string): Promise<string[]> => {
    const { stdout } = await run('bash', ['-c', ASK_BASH, 'bash', line], { cwd: home, env });
    return stdout.split('\n').filter((one) => one !== '');
  };

  t.deepEqual(await offered('hawser forw'), ['forward']);
  t.deepEqual(await offered('hawser forward '), ['start', 'list', 'stop', 'help']);
  t.deepEqual(await offered('hawser str get --ssh-u'), ['--ssh-url']);
  t.deepEqual(await offered('hawser status --transport '), ['auto', 'ssh2', 'openssh']);
  t.deepEqual(await offered('hawser status --transport=o'), ['openssh']);
  t.deepEqual(await offered('hawser status --fleet '), ['prod']);
  t.deepEqual(await offered('hawser status --json w'), ['web1', 'web2']);
  t.deepEqual(await offered('hawser status web1,'), ['web1,web1', 'web1,web2', 'web1,all', 'web1,role=web']);
  t.deepEqual(await offered('hawser status --ssh-url g'), ['gate']);
  t.deepEqual(await offered('hawser status --ssh-url root@'), ['192.0.2.1', '192.0.2.2']);
  t.deepEqual(await offered('hawser completion '), ['bash', 'zsh', 'fish']);
  t.deepEqual(await offered('hawser __'), []);
  t.deepEqual(await offered('hawser restart '), []);

  await using direct = await DirectEtcd.start();
  const app = { deploy: 1, tree: '', since: new Date().toISOString(), processes: {} };
  const apps = { [hostile('app')]: app, shop: app, '$(id)': app };
  const seen = { at: app.since, apps };
  await using world = direct.world('m1');
  await world.client.set('/hawser/running/m1', JSON.stringify(seen));
  const { code, stderr } = await direct.run(['apps'], { cwd: home, env });
  t.is(code, 0, stderr);
  t.deepEqual(await offered('hawser restart '), ['shop']);
  const cache = path.join(home, '.cache', 'hawser', 'seen');
  const [file = ''] = await readdir(cache);
  t.is((await stat(cache)).mode & 0o777, 0o700);
  t.is((await stat(path.join(cache, file))).mode & 0o777, 0o600);
});
