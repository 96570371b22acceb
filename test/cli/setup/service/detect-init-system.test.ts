import { execFile, execFileSync } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { formatPlan } from '../../../../cli/setup/plan/format-plan.js';
import { planHost } from '../../../../cli/setup/plan/plan-host.js';
import {
  BOOT_STARTER_SCRIPT,
  BOOT_STARTERS,
  type BootStarter,
} from '../../../../cli/setup/service/detect-init-system.js';
import {
  AGENT_SCRIPT,
  OPENRC_SCRIPT,
  SUPERVISOR,
  SYSV_SCRIPT,
} from '../../../../cli/setup/service/service-files.js';
import { temporaryFolder } from '../../helpers/hawser.js';
import { factsOf } from '../host-facts.js';

/** What `boot_starter` says of a host that has these files and programs. */
async function starterOf(
  t: ExecutionContext,
  { files, programs }: { files: Readonly<Record<string, string>>; programs: readonly string[] },
): Promise<string> {
  const root = await temporaryFolder(t);
  const put = async (file: string, text: string) => {
    await mkdir(path.dirname(path.join(root, file)), { recursive: true });
    await writeFile(path.join(root, file), text, { mode: 0o755 });
  };
  await put('proc/1/comm', 'sh\n');
  for (const [file, text] of Object.entries(files)) await put(file, text);
  for (const name of programs) await put(`bin/${name}`, '#!/bin/sh\n');
  await mkdir(path.join(root, 'bin'), { recursive: true });
  await symlink(execFileSync('which', ['cat'], { encoding: 'utf8' }).trim(), path.join(root, 'bin/cat'));
  const script = BOOT_STARTER_SCRIPT.replaceAll(/\/(run|proc|etc)\//g, `${root}/$1/`);
  const env = { PATH: path.join(root, 'bin') };
  const { stdout } = await promisify(execFile)('/bin/sh', ['-c', `${script}\nboot_starter`], { env });
  return stdout.trim();
}

const openrc = ['openrc-run', 'rc-update'];
const cron = { 'etc/cron.d/other': '', 'proc/77/comm': 'cron\n' };

const cases: readonly (readonly [what: string, BootStarter, Parameters<typeof starterOf>[1]])[] = [
  ['systemd', 'systemd', { files: { 'run/systemd/system/x': '', ...cron }, programs: ['crontab'] }],
  ['OpenRC', 'openrc', { files: { 'run/openrc/softlevel': 'default', ...cron }, programs: openrc }],
  ['an OpenRC that did not boot it', 'none', { files: { 'run/openrc/tmp': '' }, programs: openrc }],
  ['System V init', 'sysv', { files: { 'proc/1/comm': 'init\n' }, programs: ['update-rc.d'] }],
  ['a cron that runs', 'cron', { files: cron, programs: ['crontab'] }],
  ['a cron that does not run', 'none', { files: { 'etc/cron.d/other': '' }, programs: ['crontab'] }],
  ['nothing', 'none', { files: {}, programs: [] }],
];

for (const [what, starter, host] of cases) {
  test(`On a host with ${what}, the agent is started at boot by: ${starter}`, async (t) => {
    t.is(await starterOf(t, host), starter);
  });
}

test('The plan says what starts the agent at boot, or that nothing does', (t) => {
  const bare = factsOf({ record: undefined, certificate: undefined, hasClusterData: false });
  const host = { name: 'web1', ssh: 'root@web1', hostKeys: [], labels: {}, address: '10.0.0.1' };
  const fleet = { name: 'prod', id: 'an-id', authority: undefined };
  const bundle = { sha256: 'a'.repeat(64), version: '1', sizeBytes: 1 };
  const context = { fleet, bundle, useHostNode: false, canIssue: true, hasEtcdFile: false };
  const lines = BOOT_STARTERS.map((bootStarter) => {
    const looked = { host, facts: { ...bare, bootStarter }, user: 'root', sudo: 'root' as const };
    const hosts = [planHost(looked, context)];
    const rest = { leftOut: [], unknownReach: [], isNew: true, founder: 'web1' };
    return formatPlan({ ...context, ...rest, hosts }).find((line) => line.includes('run the agent'));
  });
  t.deepEqual(lines, [
    '    run the agent as hawser.service; it makes the cluster',
    '    run the agent under a supervisor, which OpenRC starts at boot; it makes the cluster',
    '    run the agent under a supervisor, which System V init starts at boot; it makes the cluster',
    '    run the agent under a supervisor, which cron starts at boot; it makes the cluster',
    '    run the agent under a supervisor, which nothing starts after a reboot; it makes the cluster',
  ]);
});

test('The scripts of the service are valid for a POSIX shell', async (t) => {
  for (const script of [AGENT_SCRIPT, SUPERVISOR, SYSV_SCRIPT, OPENRC_SCRIPT, BOOT_STARTER_SCRIPT]) {
    await t.notThrowsAsync(promisify(execFile)('/bin/sh', ['-n', '-c', script]));
    await t.notThrowsAsync(promisify(execFile)('bash', ['--posix', '-n', '-c', script]));
  }
});
