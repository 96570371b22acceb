import test, { type ExecutionContext } from 'ava';
import { type BareFleet, createBareFleet } from '../../../../fixtures/fleet/bare/bare-fleet.js';
import { Link } from '../../../world/helpers/link.js';
import { Laptop, type Running } from './laptop.js';

/** Long enough for this process to cut a connection before what was answered is on its way. */
const DELAY_MS = 10;

/** Of what is sent, which is more than half a megabyte. */
const SOME_BYTES = 300_000;

const STEPS = [
  'write down what is about to be done',
  'install etcd',
  'send the programs',
  'issue the certificate',
  'set up the service',
  'let the SSH user use the fleet',
  'start the agent',
  'enter the socket of the fleet',
  'write down what was done',
] as const;

let fleet: BareFleet;
const links = new Map<string, Link>();

test.before(async () => {
  fleet = await createBareFleet({
    hosts: {
      web1: { hasArchive: true, user: 'ann' },
      web2: { packages: ['etcd-server'], user: 'ann', hasNode: true },
      web3: { packages: ['etcd-server'], user: 'ann' },
      web4: { packages: ['etcd-server'], user: 'ann' },
    },
  });
  for (const { name, sshPort } of fleet.hosts) links.set(name, await Link.to(sshPort, { delayMs: DELAY_MS }));
});
test.after.always(async () => {
  for (const link of links.values()) await link[Symbol.asyncDispose]();
  await fleet?.close();
});

function linkTo(host: string): Link {
  const link = links.get(host);
  if (link === undefined) throw new RangeError(`there is no link to ${host}`);
  return link;
}

async function laptopBehindLinks(name: string): Promise<Laptop> {
  const ports = new Map([...links].map(([host, { url }]) => [host, Number(new URL(url).port)]));
  return Laptop.of(fleet, name, ports);
}

/** Waits for a moment in the middle of a step. */
async function inTheMiddleOf(step: string, host: string, running: Running): Promise<void> {
  const link = linkTo(host);
  await running.says(new RegExp(`${host}: begins to ${step}$`));
  const over = running.result.then(() => undefined);
  if (step === 'send the programs') await Promise.race([link.said(SOME_BYTES), over]);
  // First that a command may be run, then what that says.
  else for (const _ of [1, 2]) await Promise.race([link.answered(), over]);
}

/** What is on a host of ours. */
async function ours(host: string): Promise<string[]> {
  const script = `
ls -d /opt/hawser /etc/hawser* /var/lib/hawser /run/hawser* /etc/systemd/system/*hawser* /etc/systemd/system/*/*hawser* /usr/sbin/policy-rc.d
getent group hawser hawser-app
getent passwd hawser-app
pgrep -fa /opt/hawser`;
  const { stdout } = await fleet.host(host).exec(['sh'], { input: `{ ${script}\n} 2>/dev/null` });
  return stdout.split('\n').filter((line) => line !== '');
}

async function isCleaned(t: ExecutionContext, laptop: Laptop, host: string): Promise<void> {
  const down = await laptop.run('down', '--all', '--yes', ...laptop.sudo);
  t.is(down.code, 0, down.stdout + down.stderr);
  t.deepEqual(await ours(host), []);
}

async function isUp(t: ExecutionContext, laptop: Laptop, host: string): Promise<void> {
  const again = await laptop.up(host);
  t.is(again.code, 0, again.stdout + again.stderr);
  t.regex(again.stdout, /Nothing to do\./);
  t.regex(again.stdout, new RegExp(`${host} +up +voter`));
}

test('a laptop that dies in the middle of any step of up goes on with the next up', async (t) => {
  const laptop = await laptopBehindLinks('dies');
  for (const step of STEPS) {
    const running = laptop.start(...laptop.upArguments('web1', '--yes', '--verbose'));
    await inTheMiddleOf(step, 'web1', running);
    await running.kill();
  }
  const up = await laptop.up('web1', '--yes');
  t.is(up.code, 0, up.stdout + up.stderr);
  await isUp(t, laptop, 'web1');
  await isCleaned(t, laptop, 'web1');
});

test('a laptop that dies in the middle of any step of up takes the host out again', async (t) => {
  const laptop = await laptopBehindLinks('gives-up');
  for (const step of STEPS) {
    const running = laptop.start(...laptop.upArguments('web2', '--use-host-node', '--yes', '--verbose'));
    await inTheMiddleOf(step, 'web2', running);
    await running.kill();
    await isCleaned(t, laptop, 'web2');
  }
});

test('a connection that is cut in every step of up is made again', async (t) => {
  const laptop = await laptopBehindLinks('loses-connections');
  const running = laptop.start(...laptop.upArguments('web3', '--yes', '--verbose'));
  for (const step of STEPS) {
    await inTheMiddleOf(step, 'web3', running);
    linkTo('web3').cut();
  }
  const { code, stdout, stderr } = await running.result;
  t.is(code, 0, stdout + stderr);
  await isUp(t, laptop, 'web3');
  await isCleaned(t, laptop, 'web3');
});

test('a host that is out of reach from the middle of a step on is named, and up goes on', async (t) => {
  const laptop = await laptopBehindLinks('far-away');
  const link = linkTo('web4');
  for (const step of ['write down what is about to be done', 'send the programs', 'start the agent']) {
    const running = laptop.start(...laptop.upArguments('web4', '--yes', '--verbose', '--timeout', '3s'));
    await inTheMiddleOf(step, 'web4', running);
    link.down();
    const { code, stdout, stderr } = await running.result;
    link.up();
    t.is(code, 1, stdout + stderr);
    t.regex(stdout, /^web4: could not .*ann@127\.0\.0\.1/m);
    t.regex(stdout, /run "hawser up" again to continue\.$/m);
  }
  const up = await laptop.up('web4', '--yes');
  t.is(up.code, 0, up.stdout + up.stderr);
  await isUp(t, laptop, 'web4');
  await isCleaned(t, laptop, 'web4');
});
