import { chmod, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';
import { ReachedHosts } from '../../cli/agent-access/reached-hosts.js';
import { planRecovery, type RecoveryPlan } from '../../cli/recover/plan-recovery.js';
import { createFleet, type Fleet, type Host } from '../../fixtures/index.js';
import { parseDestination } from '../../tunnel/index.js';
import { SshWorld } from '../../world/index.js';
import { getFleet } from '../../world/internal.js';
import { connectionFlags, hawser, type Result } from '../cli/helpers/hawser.js';

type RebuildPlan = Extract<RecoveryPlan, { readonly kind: 'rebuild' }>;

let fleet: Fleet;

test.before(async () => {
  fleet = await createFleet({ hosts: 3, backend: 'containers', etcd: '3.5' });
});
test.afterEach.always(async (t) => {
  if (t.passed) return;
  for (const host of fleet.hosts) t.log(`${host.name}: ${await host.agentLog().catch(String)}`);
});
test.after.always(() => fleet?.close());

/** The command line with every host of the fleet as `--ssh-url`, those that are gone too. */
function recover(...more: string[]): Promise<Result> {
  return onAllHosts(['members', 'recover'], ...more);
}

function onAllHosts(command: readonly string[], ...more: string[]): Promise<Result> {
  const hosts = fleet.hosts.flatMap(({ destination }) => ['--ssh-url', destination]);
  const ssh = ['--ssh-known-hosts', fleet.knownHostsFile, '--ssh-id', fleet.identityFile];
  return hawser([...command, ...hosts, ...ssh, '--timeout', '3s', ...more]);
}

/** Who has come to rest, once all have. */
async function converged(): Promise<Record<string, boolean>> {
  const wait = ['status', '--wait-converged', '300ms', '--timeout', '1m', '--json'];
  const { code, stdout, stderr } = await hawser([...wait, ...connectionFlags(fleet)]);
  if (code !== 0) throw new Error(stderr);
  const { hosts } = JSON.parse(stdout);
  return Object.fromEntries(
    hosts.map((one: { hostname: string; converged: boolean }) => [one.hostname, one.converged]),
  );
}

function worldBy(...hosts: readonly Host[]): Promise<SshWorld> {
  return SshWorld.open(
    {
      hostname: 'controller',
      seeds: hosts.map(({ clientUrl }) => clientUrl),
      ssh: {
        destinations: hosts.map(({ destination }) => parseDestination(destination, { defaultUser: 'root' })),
        ...sshOptions(),
      },
    },
    { lazy: true },
  );
}

function sshOptions() {
  return {
    knownHostsFiles: [fleet.knownHostsFile],
    identityFiles: [fleet.identityFile],
    connectTimeoutMs: 3_000,
  };
}

/** Waits until exactly these hosts vote. */
async function untilVoters(world: SshWorld, ...names: string[]): Promise<void> {
  let found = '';
  for await (const members of world.watchMembers({ signal: AbortSignal.timeout(60_000) })) {
    found = members
      .map(({ name, isLearner }) => `${name}${isLearner ? ' (learner)' : ''}`)
      .sort()
      .join();
    if (found === names.join()) return;
  }
  throw new Error(`${found} are members instead of ${names.join()}`);
}

/** Waits until so many servers have noticed that they have no quorum, and gives what is planned then. */
async function untilQuorumIsLost(servers: number): Promise<RebuildPlan> {
  const hosts = fleet.hosts.map(({ destination }) => ({
    host: destination,
    tunnel: { ...sshOptions(), destinations: [parseDestination(destination, { defaultUser: 'root' })] },
  }));
  const reaching = { prefix: '/var/lib/hawser', timeoutMs: 3_000, signal: AbortSignal.timeout(60_000) };
  await using reached = await ReachedHosts.open(hosts, reaching);
  for (;;) {
    const reports = await reached.report(reaching);
    const plan = planRecovery(reports);
    const lost = reports.filter(({ agent }) => agent?.server.state === 'no-quorum');
    if (plan.kind === 'rebuild' && lost.length === servers) return plan;
    await delay(100, undefined, { signal: reaching.signal });
  }
}

/** Keeps a host's etcd server apart from the others, and from them only. */
async function separate(host: Host): Promise<void> {
  const rules = `table inet apart {
    chain in { type filter hook input priority 0; tcp dport 2380 drop; tcp sport 2380 drop; }
    chain out { type filter hook output priority 0; tcp dport 2380 drop; tcp sport 2380 drop; }
  }`;
  const { code, stderr } = await host.exec(['nft', '-f', '-'], { input: rules });
  if (code !== 0) throw new Error(`cannot separate ${host.name}: ${stderr}`);
}

/** Waits until the host's agent has written a line that matches. */
async function logged(host: Host, expected: RegExp): Promise<void> {
  const until = performance.now() + 60_000;
  while (!expected.test(await host.agentLog())) {
    if (performance.now() > until) throw new Error(`no ${expected} in the log of ${host.name}`);
    await delay(100);
  }
}

test.serial(
  'of servers that lost their quorum the best is rebuilt, and the others come back to it afresh',
  async (t) => {
    const [h1, h2, h3] = fleet.hosts;
    if (!h1 || !h2 || !h3) throw new TypeError('the fleet has three hosts');
    await using before = await worldBy(h1, h2, h3);
    await untilVoters(before, 'h1', 'h2', 'h3');
    await before.strSet('kept', 'since before');
    const { uuid } = (await getFleet(before.client)) ?? { uuid: '' };
    t.deepEqual(await converged(), { h1: true, h2: true, h3: true });
    const refused = await recover('--yes');
    t.is(refused.code, 4, refused.stderr);
    t.regex(refused.stderr, /has a quorum: there is nothing to recover/);

    await Promise.all([h3.stopAgent('SIGKILL'), separate(h2)]);
    const plan = await untilQuorumIsLost(2);
    t.regex(plan.warnings.join(), /2 of 3 members are up with their data/);
    const recovering = recover('--yes');
    const base = fleet.hosts.find(({ destination }) => destination === plan.base);
    const other = base === h1 ? h2 : h1;
    await logged(other, /as a new member was requested|no longer a member of the cluster/);
    await h2.exec(['nft', 'delete', 'table', 'inet', 'apart']);
    const done = await recovering;
    t.is(done.code, 0, done.stderr);
    t.regex(done.stdout, /The cluster is working again/);
    await using world = await worldBy(h1, h2);
    t.is(await world.strGet('kept'), 'since before');
    t.deepEqual(await getFleet(world.client), { uuid, generation: 2 }, 'what is left behind is told from it');
    await world.strSet('kept', 'and after');

    await h3.startAgent();
    await untilVoters(world, 'h1', 'h2', 'h3');
    for (const host of fleet.hosts.filter((one) => one !== base)) {
      const aside = await host.exec(['test', '-d', '/var/lib/hawser/etcd/data.old']);
      t.is(aside.code, 0, `what ${host.name} had is aside`);
    }
    await using through = await worldBy(h3);
    t.is(await through.strGet('kept'), 'and after');
  },
);

/** A user who may do anything by sudo, without a password, and gets in by the same key as root. */
async function addSudoer(host: Host, name: string): Promise<void> {
  // Outside the container, which must not change it; sshd reads it as the user.
  const folder = path.join(fleet.folder, 'hosts', host.name);
  await chmod(folder, 0o711);
  await chmod(path.join(folder, 'authorized_keys'), 0o644);
  const rule = `${name} ALL=(ALL) NOPASSWD: ALL`;
  const script = `useradd --create-home --password '*' ${name} && echo '${rule}' > /etc/sudoers.d/${name}`;
  const { code, stderr } = await host.exec(['sh', '-c', script]);
  if (code !== 0) throw new Error(`no ${name} on ${host.name}: ${stderr}`);
}

test.serial('a user who is not root reaches the agents by sudo, and is told what that needs', async (t) => {
  const [h1, h2] = fleet.hosts;
  if (!h1 || !h2) throw new TypeError('the fleet has three hosts');
  await addSudoer(h1, 'ann');
  await addSudoer(h2, 'ann');
  await h2.exec(['rm', '/etc/sudoers.d/ann']);
  const ssh = ['--ssh-known-hosts', fleet.knownHostsFile, '--ssh-id', fleet.identityFile];
  const urls = [h1, h2].flatMap(({ destination }) => ['--ssh-url', destination.replace('root@', 'ann@')]);
  const { stdout, code } = await hawser(['members', 'recover', ...urls, ...ssh, '--timeout', '5s']);
  t.is(code, 4, 'it has a quorum');
  t.regex(stdout, /^h1 +up, pid \d+ +voter/m);
  t.regex(stdout, /^ann@\S+ +none$/m);
  t.regex(stdout, /^ann@\S+: .*With sudo: .*sudo: a password is required/m);
});

test.serial('a backup becomes the data of the fleet again, which works on meanwhile', async (t) => {
  const [h1, h2, h3] = fleet.hosts;
  if (!h1 || !h2 || !h3) throw new TypeError('the fleet has three hosts');
  await using before = await worldBy(h1, h2, h3);
  await untilVoters(before, 'h1', 'h2', 'h3');
  const { uuid, generation } = (await getFleet(before.client)) ?? { uuid: '', generation: 0 };
  const file = path.join(fleet.folder, 'fleet.db');
  const saved = await hawser(['backup', file, ...connectionFlags(fleet)]);
  t.is(saved.code, 0, saved.stderr);
  await before.strSet('kept', 'ruined');
  await before.strSet('made', 'since');

  const damaged = path.join(fleet.folder, 'damaged.db');
  const bytes = await readFile(file);
  bytes[100] = (bytes[100] ?? 0) ^ 1;
  await writeFile(damaged, bytes);
  const refused = await onAllHosts(['restore', damaged, '--yes']);
  t.is(refused.code, 2);
  t.regex(refused.stderr, /damaged\.db is not a whole backup/);
  const asked = await onAllHosts(['restore', file]);
  t.is(asked.code, 4);
  t.regex(asked.stderr, /starts a new cluster from .*\nThen these set their data aside[\s\S]*pass --yes/);
  t.is(await before.strGet('kept'), 'ruined');

  const done = await onAllHosts(['restore', file, '--yes', '--on', h2.destination]);
  t.is(done.code, 0, done.stderr);
  t.regex(done.stdout, /The fleet has the data of .*fleet\.db again, on .*h2/);
  await using after = await worldBy(h2);
  t.is(await after.strGet('kept'), 'and after');
  await t.throwsAsync(after.strGet('made'), { code: 'not-found' });
  t.deepEqual(await getFleet(after.client), { uuid, generation: generation + 1 });
  await untilVoters(after, 'h1', 'h2', 'h3');
  for (const host of fleet.hosts) {
    await using world = await worldBy(host);
    t.is(await world.strGet('kept'), 'and after', host.name);
  }
});

test.serial(
  'when all others are gone for good, the one that is left goes on alone with what it has',
  async (t) => {
    const [h1, h2, h3] = fleet.hosts;
    if (!h1 || !h2 || !h3) throw new TypeError('the fleet has three hosts');
    await Promise.all([h2.kill(), h3.kill()]);
    const plan = await untilQuorumIsLost(1);
    t.regex(plan.warnings.join(), /2 of 3 members \(.*\) cannot be reached\. If they are still running/);
    const status = await onAllHosts(['status'], '--seeds', h1.clientUrl);
    t.is(status.code, 1, status.stderr);
    t.regex(status.stdout, /^h1 +up, pid \d+ +no-quorum/m);
    t.is(status.stdout.match(/out of reach/g)?.length, 2, status.stdout);
    t.regex(status.stderr, /no quorum: 1 of 3 servers .* "hawser members recover"/);
    const written = await onAllHosts(['str', 'set', 'k', 'v'], '--seeds', h1.clientUrl);
    t.is(written.code, 3);
    t.regex(written.stderr, /it has no leader.*see hawser members recover/);
    const done = await recover('--yes');
    t.is(done.code, 0, done.stderr);
    t.regex(done.stdout, /The cluster is working again: 1 server \(h1\)/);
    await using world = await worldBy(h1);
    t.is(await world.strGet('kept'), 'and after');
    await world.strSet('kept', 'still');
  },
);
