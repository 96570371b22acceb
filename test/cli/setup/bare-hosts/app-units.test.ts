import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type BareFleet, createBareFleet } from '../../../../fixtures/fleet/bare/bare-fleet.js';
import type { CommandResult } from '../../../../fixtures/fleet/run-command.js';
import { Laptop } from './laptop.js';

/** What a unit file or an environment file could get wrong. */
const ODD = 'a "b" \'c\' 50%n $HOME \x24{HOME} \\ ; #\n\tend \\';
const SECRET = 'hushhush';

/** Sends requests, each on a new connection, until SIGTERM; then says what came of them. */
const LOAD = `
import http from 'node:http';
let isOver = false, answered = 0;
const failed = [];
process.on('SIGTERM', () => { isOver = true; });
const request = () => new Promise((done) => {
  const fail = (error) => done(failed.push(error.code));
  http.get({ host: '127.0.0.1', port: 8080, agent: false }, (response) => {
    response.on('error', fail).on('end', () => done(answered++)).resume();
  }).on('error', fail);
});
const client = async () => { while (!isOver) { await request(); await new Promise((next) => setTimeout(next, 10)); } };
await Promise.all([client(), client(), client()]);
console.log(JSON.stringify({ answered, failed }));
`;

const SERVER = `
import { createServer } from 'node:http';
const seen = JSON.stringify({ argv: process.argv.slice(2), odd: process.env.ODD, oddSecret: process.env.ODD_SECRET });
const server = createServer((_, response) => response.setHeader('connection', 'close').end(seen));
server.listen({ fd: 3 });
process.on('SIGTERM', () => server.close());
`;

const CRASH = 'setTimeout(() => process.exit(7), 100);';

let fleet: BareFleet;
let laptop: Laptop;
let app: string;

test.before(async () => {
  fleet = await createBareFleet({ hosts: { web1: { packages: ['etcd-server'], hasNode: true } } });
  laptop = await Laptop.of(fleet, 'home-of-units');
  app = await mkdtemp(join(tmpdir(), 'app-'));
});
test.after.always(async () => {
  await fleet?.close();
  if (app !== undefined) await rm(app, { recursive: true });
});

function onHost(script: string, user: 'root' | 'bob' = 'root'): Promise<CommandResult> {
  return fleet.host('web1').exec(['sh', '-c', script], { user });
}

async function said(script: string): Promise<string> {
  return (await onHost(script)).stdout.trim();
}

function pid(): Promise<string> {
  return said('systemctl show --property=MainPID --value "hawser-app-hello.web.*.service"');
}

interface ReleaseShape {
  /** The exit code of the deploy. Default 0. */
  readonly code?: number;
  readonly name?: string;
  readonly port?: number;
  readonly switch?: 'overlap';
}

/** Releases an app; a number makes the release another one. */
async function release(
  t: ExecutionContext,
  number: number,
  program: string,
  { code = 0, name = 'hello', port = 8080, ...more }: ReleaseShape = {},
): Promise<void> {
  await writeFile(join(app, 'server.mjs'), `// ${number}\n${program}`);
  const web = { run: ['node', 'server.mjs', ODD, ''], listen: `127.0.0.1:${port}`, env: { ODD } };
  const manifest = {
    name,
    processes: { web: { ...web, ...more } },
    ...(name === 'hello' ? { secrets: { SECRET: 'env', ODD_SECRET: 'env', KEY: 'file' } } : {}),
    limits: { memory: '200MiB', cpu: 0.5, files: 512 },
    settle: '500ms',
  };
  await writeFile(join(app, 'hawser.yaml'), JSON.stringify(manifest));
  const deployed = await laptop.run('deploy', app);
  t.is(deployed.code, code, `release ${number}: ${deployed.stdout}${deployed.stderr}`);
}

test.serial('an app is a unit, with its words, user and limits, and its secrets are its own', async (t) => {
  const up = await laptop.up('web1', '--use-host-node', '--name', 'prod', '--yes');
  t.is(up.code, 0, up.stdout + up.stderr);
  for (const [name, value] of Object.entries({ SECRET, ODD_SECRET: ODD, KEY: `${SECRET}\0` })) {
    const file = join(laptop.home, name);
    await writeFile(file, value);
    const set = await laptop.run('secret', 'set', name, '--app', 'hello', '--hosts', 'web1', '--file', file);
    t.is(set.code, 0, set.stderr);
  }
  t.regex(
    await readFile(join(laptop.home, '.config/hawser/fleets/prod.yaml'), 'utf8'),
    /age-recipient: age1/,
  );
  const dropIn = '/etc/systemd/system/hawser-app-.service.d';
  await onHost(`mkdir ${dropIn}; printf '[Service]\\nPrivateTmp=yes\\n' >${dropIn}/private.conf`);
  await release(t, 1, SERVER);
  const kept = await said('systemctl show -p PrivateTmp,NoNewPrivileges "hawser-app-hello.web.*.service"');
  t.deepEqual(kept.split('\n').sort(), ['NoNewPrivileges=yes', 'PrivateTmp=yes']);
  const get = `node -e "fetch('http://127.0.0.1:8080').then((r) => r.text()).then(console.log)"`;
  t.deepEqual(JSON.parse(await said(get)), { argv: [ODD, ''], odd: ODD, oddSecret: ODD });
  const running = await pid();
  t.is(await said(`stat -c %U /proc/${running}`), 'hawser-app');
  t.regex(await said(`cat /proc/${running}/limits`), /Max open files +512 /);
  const limits = 'systemctl show -p MemoryMax,CPUQuotaPerSecUSec "hawser-app-hello.web.*.service"';
  t.regex(await said(limits), /CPUQuotaPerSecUSec=500ms/);
  t.regex(await said(limits), /MemoryMax=2\d{8}$/m);

  const places = 'systemctl show "hawser-app-*"; cat /run/systemd/system/hawser-app-* /run/hawser-apps/*';
  t.true((await said(`${places}; true`)).includes(SECRET));
  const seen = await onHost(`${places} /proc/${running}/environ; ls /run/hawser-apps`, 'bob');
  t.true(seen.stdout.includes('hawser-app-hello.web.1.service'));
  const key = '/var/lib/hawser/apps/hello/secrets/1/KEY';
  t.is(
    await said(`stat -c '%U %G %a' ${key} /var/lib/hawser/secrets`),
    'hawser-app hawser-app 400\nroot root 700',
  );
  t.is((await onHost(`cat ${key}`, 'bob')).code, 1);
  t.is(
    await said(`tr '\\0' '\\n' </proc/${running}/environ | grep HAWSER_SECRETS`),
    `HAWSER_SECRETS=${key.slice(0, -4)}`,
  );
  t.is(await said(`journalctl --no-pager | grep -c ${SECRET}`), '0');
  t.false((seen.stdout + seen.stderr).includes(SECRET));
});

test.serial('an app goes on while its agent is stopped, killed, and started again', async (t) => {
  const before = await pid();
  t.not(before, '');
  await onHost('systemctl stop hawser');
  t.is(await pid(), before);
  await onHost('systemctl start hawser');
  await onHost('kill -9 $(systemctl show --property=MainPID --value hawser)');
  await onHost('until systemctl --quiet is-active hawser; do sleep 0.1; done');
  await onHost('until [ -S /run/hawser/etcd.sock ]; do sleep 0.1; done');
  const { stdout, stderr } = await laptop.run('status');
  t.regex(stdout, /web1 .*hello 1/, stderr);
  t.is(await pid(), before);
});

test.serial('no request fails during twenty switches, half of them to releases that crash', async (t) => {
  await fleet.host('web1').exec(['sh', '-c', 'cat >/root/load.mjs'], { input: LOAD });
  const load = onHost('node /root/load.mjs & echo $! >/root/load.pid; wait');
  for (let number = 2; number < 22; number++) {
    const crashes = number % 2 === 1;
    await release(t, number, crashes ? CRASH : SERVER, { code: crashes ? 5 : 0 });
  }
  await onHost('kill $(cat /root/load.pid)');
  const { answered, failed } = JSON.parse((await load).stdout) as { answered: number; failed: string[] };
  t.deepEqual(failed, []);
  t.true(answered > 0);
});

test.serial('no request fails while the old and the new release take them side by side', async (t) => {
  const load = onHost('node /root/load.mjs & echo $! >/root/load.pid; wait');
  for (let number = 22; number < 28; number++) {
    const before = await pid();
    const crashes = number % 2 === 1;
    await release(t, number, crashes ? CRASH : SERVER, { code: crashes ? 5 : 0, switch: 'overlap' });
    // The old one was there until the new one was well, and goes on if that fails.
    t.is((await pid()) === before, crashes, String(number));
  }
  await onHost('kill $(cat /root/load.pid)');
  const { answered, failed } = JSON.parse((await load).stdout) as { answered: number; failed: string[] };
  t.deepEqual(failed, []);
  t.true(answered > 0);
});

test.serial('the first release of an app that fails leaves no unit and no open port', async (t) => {
  await release(t, 28, CRASH, { name: 'brief', port: 8081, code: 5 });
  t.is(await said('ls /run/systemd/system | grep hawser-app-brief'), '');
  t.is(await said('systemctl list-units --all --plain --no-legend "hawser-app-brief*"'), '');
  t.not((await onHost(`node -e "fetch('http://127.0.0.1:8081')"`)).code, 0);
});

test.serial('the port of an app that keeps crashing stays open', async (t) => {
  // A program that is well for its settling time, and then again and again not.
  await release(t, 29, `${SERVER}\nsetTimeout(() => process.exit(7), 3_000);`);
  await onHost(
    'until [ "$(systemctl show -p NRestarts --value "hawser-app-hello.web.*.service")" -gt 1 ]; do sleep 0.1; done',
  );
  for (let look = 0; look < 10; look++) {
    t.is((await onHost(`node -e "fetch('http://127.0.0.1:8080')"`)).code, 0);
  }
});

test.serial('nothing of an app is left when its host is taken out', async (t) => {
  const down = await laptop.run('down', '--all', '--yes', ...laptop.sudo);
  t.is(down.code, 0, down.stdout + down.stderr);
  t.is(await said('ls -d /run/hawser-apps /run/systemd/system/hawser-app-* 2>/dev/null'), '');
  t.is(await said('systemctl list-units --all --plain --no-legend "hawser-app-*"'), '');
});
