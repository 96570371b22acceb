import test, { type ExecutionContext } from 'ava';
import { type BareFleet, createBareFleet } from '../../../../fixtures/fleet/bare/bare-fleet.js';
import { waitUntil } from '../../../fixtures/helpers/wait-until.js';
import { Laptop } from './laptop.js';

const HOSTS = ['web1', 'web2', 'web3', 'web4'];
const MB = 1_000_000;

interface Status {
  readonly ok: boolean;
  readonly hosts: readonly { readonly hostname: string; readonly role: string }[];
  readonly problems: readonly { readonly code: string; readonly host: string | null }[];
}

let fleet: BareFleet;
let laptop: Laptop;

test.before(async () => {
  const host = { packages: ['etcd-server'], hasNode: true, tmpfs: { '/var/lib/hawser': 800 * MB } };
  // One is entered by somebody who needs sudo for what only root sees.
  const hosts = Object.fromEntries(HOSTS.map((name) => [name, host]));
  fleet = await createBareFleet({ hosts: { ...hosts, web2: { ...host, user: 'ann' } } });
  laptop = await Laptop.of(fleet, 'home');
});
test.after.always(() => fleet?.close());

async function status(): Promise<Status> {
  return JSON.parse((await laptop.run('status', '--json')).stdout) as Status;
}

function onHost(name: string, script: string): Promise<{ readonly stdout: string }> {
  return fleet.host(name).exec(['sh', '-c', script]);
}

/** Waits until status tells exactly these problems. */
async function untilTold(...codes: readonly string[]): Promise<void> {
  await waitUntil(`status tells ${codes.join(', ') || 'nothing'}`, async () => {
    const told = (await status()).problems.map(({ code, host }) => `${code} ${host}`);
    return [...told].sort().join() === [...codes].sort().join();
  });
}

/** What a person copies out of a text: a command of hawser. */
function commandIn(t: ExecutionContext, text: string, expected: RegExp): string[] {
  const found = [...text.matchAll(/hawser (?:doctor|down|up)(?: [\w-]+)*/g)].map(([command]) => command);
  const command = found.find((one) => expected.test(one));
  t.not(command, undefined, `${expected} in ${text}`);
  return (command ?? '').split(' ').slice(1);
}

test.serial('three faults are found and mended with status, doctor and what they print', async (t) => {
  const up = await laptop.up(...HOSTS, '--use-host-node', '--name', 'prod', '--cluster-size', '3', '--yes');
  t.is(up.code, 0, up.stdout + up.stderr);
  await waitUntil('one host runs no etcd', async () => {
    const roles = (await status()).hosts.map(({ role }) => role);
    return roles.filter((role) => role === 'voter').length === 3 && roles.includes('client');
  });
  await untilTold();
  t.is((await laptop.run('doctor', ...laptop.sudo)).code, 0);

  // The script that breaks things.
  const before = (await status()).hosts;
  const stopped = before.find(({ role }) => role === 'client')?.hostname ?? '';
  const [full = '', gone = ''] = before.flatMap(({ role, hostname }) => (role === 'voter' ? [hostname] : []));
  await onHost(
    full,
    'fallocate -l $(($(df -P -B1 /var/lib/hawser | awk "NR == 2 { print \\$4 }") - 60000000)) /var/lib/hawser/dump.old',
  );
  await onHost(stopped, 'systemctl stop hawser.service');
  await fleet.host(gone).kill();

  await untilTold(`few-members ${gone}`, `agent-gone ${gone}`, `agent-gone ${stopped}`, `disk-full ${full}`);
  const first = await laptop.run('status');
  t.is(first.code, 1);
  const last = first.stdout.trimEnd().split('\n').at(-1) ?? '';
  t.regex(last, /Only 2 of 3 members/);

  // A member that is gone for good: status names doctor, doctor says that nobody answers, and what to do then.
  const examined = await laptop.run(...commandIn(t, last, /doctor/), ...laptop.sudo);
  t.is(examined.code, 3, examined.stdout);
  t.regex(examined.stdout, /no-answer|nothing-listens|no-route/);
  const down = await laptop.run(...commandIn(t, examined.stdout, /down/), '--yes');
  t.is(down.code, 0, down.stdout + down.stderr);
  await untilTold(`agent-gone ${stopped}`, `disk-full ${full}`);

  // A full disk: doctor prints the command that shows what is large.
  const second = await laptop.run('status');
  const disk = await laptop.run(...commandIn(t, second.stdout, new RegExp(`doctor ${full}`)), ...laptop.sudo);
  t.is(disk.code, 1);
  const [, look = ''] = /To mend it: .*: ssh .* '(du -xah [^']*)'/.exec(disk.stdout) ?? [];
  const { stdout } = await onHost(full, look);
  const [, largest = ''] = /\t(\S+\.old)$/m.exec(stdout) ?? [];
  t.is(largest, '/var/lib/hawser/dump.old');
  await onHost(full, `rm ${largest}`);
  await untilTold(`agent-gone ${stopped}`);

  // A stopped agent.
  const third = await laptop.run('status');
  const agent = await laptop.run(
    ...commandIn(t, third.stdout, new RegExp(`doctor ${stopped}`)),
    ...laptop.sudo,
  );
  t.is(agent.code, 1);
  t.regex(agent.stdout, /agent-stopped[\s\S]*somebody stopped hawser\.service/);
  const [command = ''] = commandIn(t, agent.stdout, /^hawser up/);
  const again = await laptop.run(command, '--yes', '--use-host-node', ...laptop.sudo);
  t.is(again.code, 0, again.stdout + again.stderr);

  await untilTold();
  const end = await laptop.run('status');
  t.is(end.code, 0);
  t.regex(end.stdout, /\nOK\n$/);
  const all = await laptop.run('doctor', ...laptop.sudo);
  t.is(all.code, 0, all.stdout);
  t.regex(all.stdout, /\nOK\n$/);
});
