import { execFile } from 'node:child_process';
import { chmod, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { programFile } from '../../fixtures/fleet/project-paths.js';
import { Sshd } from '../tunnel/helpers/sshd.js';
import { DirectEtcd } from './helpers/direct-etcd.js';
import { type Result, temporaryFolder } from './helpers/hawser.js';

const nameless = 54_321;

let fleet: DirectEtcd;
let sshd: Sshd;

test.before(async () => {
  [fleet, sshd] = await Promise.all([DirectEtcd.start(), Sshd.start()]);
});
test.after.always(() => Promise.all([fleet?.[Symbol.asyncDispose](), sshd?.[Symbol.asyncDispose]()]));

/** Runs the command line as a user whom the passwd file does not know, who owns what we own. */
function runNameless(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Result> {
  const user = ['--user', `--map-user=${nameless}`, `--map-group=${nameless}`];
  return runUnshared([...user, process.execPath, programFile, ...args], env);
}

function runUnshared(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Result> {
  const options = { env: { PATH: process.env['PATH'], ...env }, cwd: '/' };
  return new Promise((resolve) => {
    execFile('unshare', args, options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

function way(destination: string): string[] {
  const trust = ['--ssh-known-hosts', sshd.knownHostsFile, '--ssh-id', sshd.identityFile];
  return ['--ssh-url', destination, ...trust, '--seeds', fleet.etcd.url];
}

test.serial('a user without a passwd entry, and without a home, reads, writes and deploys', async (t) => {
  const app = await temporaryFolder(t);
  await chmod(app, 0o755);
  await writeFile(path.join(app, 'hawser.yaml'), 'name: app\n');
  const seeds = ['--seeds', fleet.etcd.url];
  const set = await runNameless(['str', 'set', 'motd', 'hello', ...seeds]);
  t.is(set.code, 0, set.stderr);
  const status = await runNameless(['status', '--json', ...seeds]);
  t.is(status.code, 0, status.stderr);
  const deployed = await runNameless(['deploy', app, '--yes', ...seeds]);
  t.is(deployed.code, 0, deployed.stderr);
  const [{ author }] = JSON.parse((await runNameless(['deploys', 'list', '--json', ...seeds])).stdout);
  t.regex(author, new RegExp(`^${nameless}@`));
  const named = await runNameless(['deploy', app, '--yes', '--restart', ...seeds], { USER: 'ci' });
  t.is(named.code, 0, named.stderr);
  const [newest] = JSON.parse((await runNameless(['deploys', 'list', '--json', ...seeds])).stdout);
  t.regex(newest.author, /^ci@/);
});

test.serial('SSH works for one who says as whom to log in, by the destination or by USER', async (t) => {
  const { user, host, port } = sshd.destination;
  const read = await runNameless(['size', ...way(`${user}@${host}:${port}`)]);
  t.is(read.code, 0, read.stderr);
  const byVariable = await runNameless(['size', ...way(`${host}:${port}`)], { USER: user });
  t.is(byVariable.code, 0, byVariable.stderr);
  const unsaid = await runNameless(['size', ...way(`${host}:${port}`)]);
  t.is(unsaid.code, 2);
  t.regex(unsaid.stderr, /which user to log in as on 127\.0\.0\.1.*id 54321.*USER@127\.0\.0\.1/);
  t.notRegex(unsaid.stderr, /uv_os|ENOENT/);
  const openssh = await runNameless(['size', '--transport', 'openssh', ...way(`${user}@${host}:${port}`)]);
  t.is(openssh.code, 2);
  t.regex(openssh.stderr, /does not run for users without a passwd entry.*ssh2 transport/);
});

test.serial('what needs a home is asked for by the variable', async (t) => {
  const { user, host, port } = sshd.destination;
  const flags = ['--ssh-url', `${user}@${host}:${port}`, '--ssh-id', '~/id'];
  const { code, stderr } = await runNameless(['status', ...flags]);
  t.is(code, 2);
  t.regex(stderr, /no home directory\. Set HOME/);
  const trusted = await runNameless(['trust', '--list']);
  t.is(trusted.code, 0, trusted.stderr);
  const demo = await runNameless(['demo', '--stop']);
  t.is(demo.code, 1);
  t.regex(demo.stderr, /set HOME or XDG_CACHE_HOME/);
});

test.serial('where the machine has no name, --hostname is asked for', async (t) => {
  const shell = [
    'sh',
    '-c',
    'echo > /proc/sys/kernel/hostname; exec "$@"',
    'sh',
    process.execPath,
    programFile,
  ];
  const run = (...more: string[]): Promise<Result> => {
    const args = ['--user', '--map-root-user', '--uts', ...shell, 'size', '--seeds', fleet.etcd.url, ...more];
    return runUnshared(args, {});
  };
  const { code, stderr } = await run();
  t.is(code, 2);
  t.regex(stderr, /no hostname: pass --hostname/);
  const named = await run('--hostname', 'me');
  t.is(named.code, 0, named.stderr);
});
