import test from 'ava';
import { AGENT_PROTOCOL } from '../../../agent/constants.js';
import { packageVersion } from '../../../base/package-version.js';
import { DirectEtcd } from '../helpers/direct-etcd.js';
import { hawser } from '../helpers/hawser.js';

let direct: DirectEtcd;

test.before(async () => {
  direct = await DirectEtcd.start();
});
test.after.always(() => direct[Symbol.asyncDispose]());

test.serial('a host that the other servers look for in the wrong place is named', async (t) => {
  await using world = direct.world('looks');
  await world.client.set('/volunteer/m1', direct.etcd.peerUrl);
  const before = (await direct.json(['status'])) as { readonly problems: readonly unknown[] };
  t.deepEqual(before.problems, []);
  await world.client.set('/volunteer/m1', 'http://10.0.0.9:2380');
  const { stdout, code } = await direct.run(['status']);
  t.is(code, 1);
  t.regex(
    stdout,
    /^m1 moved: the other servers expect it at http:\S+, but it is at http:\/\/10\.0\.0\.9:2380\./m,
  );
});

test.serial('a certificate in the last third of its life is warned about', async (t) => {
  await using world = direct.world('looks');
  const life = (begun: number, left: number) => {
    const at = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();
    return JSON.stringify({ from: at(-begun), to: at(left) });
  };
  await world.client.set('/hawser/certificates/m1', life(200, 165));
  const { problems } = (await direct.json(['status'])) as { readonly problems: readonly { code: string }[] };
  t.false(problems.some(({ code }) => code === 'certificate-expires'));
  await world.client.set('/hawser/certificates/m1', life(245, 120));
  const later = (await direct.json(['status'])) as { readonly problems: readonly unknown[] };
  t.like(later.problems.at(-1), { code: 'certificate-expires', host: 'm1' });
  const { stdout } = await direct.run(['status']);
  t.regex(stdout, /^The certificate of m1 expires on 20\d\d-\d\d-\d\d: renew it with "hawser up"/m);
});

test.serial(
  'an authority in the last third of its life is warned about once, for the whole fleet',
  async (t) => {
    await using world = direct.world('looks');
    const at = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();
    const authority = { from: at(-2_500), to: at(1_150) };
    const life = JSON.stringify({ from: at(-1), to: at(364), authority });
    for (const host of ['m1', 'm2']) await world.client.set(`/hawser/certificates/${host}`, life);
    const { problems } = (await direct.json(['status'])) as {
      readonly problems: readonly { code: string }[];
    };
    await world.client.txn({ success: [{ delete: '/hawser/certificates/', prefix: true }] });
    t.deepEqual(
      problems.flatMap((one) => (one.code === 'authority-expires' ? [one] : [])),
      [
        {
          ...{ code: 'authority-expires', host: null },
          message: `The authority of the fleet's certificates expires on ${authority.to.slice(0, 10)}, and with it every certificate: replace it, without a stop, with "hawser up --new-authority".`,
        },
      ],
    );
  },
);

test.serial('what agents publish of disks and clocks is shown, and its form does not matter', async (t) => {
  await using world = direct.world('looks');
  const full = { totalBytes: 10_000_000_000, freeBytes: 1_000 };
  await world.client.set('/hawser/health/m1', JSON.stringify({ disk: full, clockAheadMs: 0 }));
  await world.client.set('/hawser/health/m2', 'nonsense');
  const { ok, hosts, problems, cluster } = (await direct.json(['status'])) as Record<string, unknown>;
  const { stdout } = await direct.run(['status']);
  await world.client.txn({ success: [{ delete: '/hawser/health/', prefix: true }] });
  t.false(ok);
  t.like(hosts, [{ hostname: 'm1', disk: full, clockAheadMs: 0 }]);
  t.like(problems, [{ code: 'disk-full', host: 'm1' }]);
  t.like(cluster, { leader: 'm1', alarms: [] });
  t.regex(stdout, /^m1 .* 100%/m);
  t.regex(stdout, /"hawser doctor m1" says where\.\n$/);
});

test.serial('a deploy that is no text keeps nobody from seeing the hosts', async (t) => {
  await using world = direct.world('looks');
  await world.client.set('/deploy/1/payload', Buffer.from([0xff, 0x00]));
  await world.client.set('/deploy/1/hash', Buffer.from([0xff]));
  const { stdout, stderr, code } = await direct.run(['status']);
  await world.client.txn({ success: [{ delete: '/deploy/', prefix: true }] });
  t.is(code, 1, stderr);
  t.regex(stdout, /^m1 /m);
  t.regex(stdout, /^deploy 1 /m);
});

/** Hosts of the fleet with a live agent each, as their agents describe them. */
async function addHosts(
  hosts: Readonly<Record<string, { readonly role: string; readonly converged: boolean }>>,
): Promise<void> {
  await using world = direct.world('looks');
  const at = '2026-01-01T00:00:00Z';
  for (const [hostname, { role, converged }] of Object.entries(hosts)) {
    const agent = { hostname, instance: 'a', version: packageVersion(), protocol: AGENT_PROTOCOL, pid: 1 };
    const known = { hostname, since: at, version: packageVersion(), labels: { role } };
    await world.client.set(`/agents/${hostname}`, JSON.stringify({ ...agent, startedAt: at }));
    await world.client.set(`/hawser/hosts/${hostname}`, JSON.stringify(known));
    await world.client.set(`/converged/${hostname}`, String(converged));
  }
}

test.serial('status of some hosts shows them, and what concerns them', async (t) => {
  await addHosts({ web1: { role: 'web', converged: true }, db1: { role: 'db', converged: false } });
  await using world = direct.world('looks');
  await world.client.set('/volunteer/m1', 'http://10.0.0.9:2380');
  interface Status {
    readonly hosts: readonly { readonly hostname: string }[];
    readonly problems: readonly { readonly host: string }[];
    readonly converged: boolean;
  }
  const seen = async (...hosts: readonly string[]) => {
    const status = (await direct.json(['status', ...hosts])) as Status;
    return {
      hosts: status.hosts.map(({ hostname }) => hostname),
      problems: [...new Set(status.problems.map(({ host }) => host))],
      converged: status.converged,
    };
  };
  t.deepEqual(await seen(), { hosts: ['db1', 'm1', 'web1'], problems: ['m1'], converged: false });
  t.deepEqual(await seen('role=web'), { hosts: ['web1'], problems: [], converged: true });
  t.deepEqual(await seen('m*,db1'), { hosts: ['db1', 'm1'], problems: ['m1'], converged: false });
  const waited = await direct.run(['status', 'web1', '--wait-converged', '10ms', '--timeout', '30s']);
  t.is(waited.code, 0, waited.stderr);
  t.regex(waited.stdout, /^web1 /m);
  t.notRegex(waited.stdout, /db1/);
});

/** How many requests etcd has answered since it began. */
async function requests(): Promise<number> {
  const metrics = await (await fetch(`${direct.etcd.url}/metrics`)).text();
  const counts = [...metrics.matchAll(/^grpc_server_handled_total\{.*\} (\S+)$/gm)];
  return counts.reduce((sum, [, count]) => sum + Number(count), 0);
}

test.serial('status of many hosts takes as many requests as that of few', async (t) => {
  const cost = async () => {
    const before = await requests();
    await direct.run(['status']);
    return (await requests()) - before;
  };
  const few = await cost();
  const names = Array.from({ length: 60 }, (_, index) => `many${index}`);
  await addHosts(Object.fromEntries(names.map((name) => [name, { role: 'web', converged: true }])));
  t.is(await cost(), few);
  await using world = direct.world('looks');
  for (const prefix of ['/agents/many', '/hawser/hosts/many', '/converged/many'])
    await world.client.delPrefix(prefix);
});

test.serial(
  'a selection of hosts that is wrong is refused, before connecting where that can be',
  async (t) => {
    const unknown = await direct.run(['status', 'web11']);
    t.is(unknown.code, 2);
    t.regex(unknown.stderr, /No host of the fleet is called web11 \(did you mean "web1"\?\)/);
    const malformed = await hawser(['status', 'web1,,db1', '--seeds', 'http://127.0.0.1:1']);
    t.is(malformed.code, 2);
    t.regex(malformed.stderr, /"web1,,db1" is not a selection of hosts/);
  },
);
