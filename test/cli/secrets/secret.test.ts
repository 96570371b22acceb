import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { createFleet, type Fleet } from '../../../fixtures/index.js';
import { hawser, openWorld, type Result, temporaryFolder } from '../helpers/hawser.js';
import { hawserInTerminal } from '../helpers/terminal.js';

const prefix = '/var/lib/hawser';
const VALUE = 'correct-horse-battery-staple';
const refused = 4;

let fleet: Fleet;
let flags: string[];

test.before(async () => {
  fleet = await createFleet({ hosts: 3, members: 1, backend: 'containers' });
  // Only a fleet file says what the host behind a destination is called.
  flags = ['--fleet', await fleetFile('fleet')];
  await until('all hosts have told their keys', async () => (await recipients()).size === 3);
});
test.after.always(() => fleet?.close());

async function until(what: string, isTrue: () => Promise<boolean>): Promise<void> {
  for (const late = AbortSignal.timeout(60_000); !(await isTrue()); )
    if (late.aborted) throw new Error(`not until now: ${what}`);
}

/** Writes what a person would know of the fleet. */
async function fleetFile(name: string): Promise<string> {
  const folder = path.join(fleet.folder, name);
  await mkdir(folder, { mode: 0o700 });
  const file = path.join(folder, 'lab.yaml');
  const hosts = fleet.hosts.map(
    ({ name: host, destination, hostKey }) => `  ${host}: { ssh: '${destination}', host-key: ${hostKey} }`,
  );
  const seed = `seeds: ${fleet.hosts[0]?.clientUrl}`;
  await writeFile(file, ['name: lab', seed, `ssh-id: ${fleet.identityFile}`, 'hosts:', ...hosts].join('\n'));
  return file;
}

/** What etcd has, by host. */
async function recipients(): Promise<Map<string, string>> {
  await using world = await openWorld(fleet);
  const { entries } = await world.client.list('/hawser/recipients/');
  return new Map(
    entries.map(({ key, value }) => [path.basename(key), JSON.parse(value.toString()).recipient]),
  );
}

/** Runs a script on a host. */
async function on(host: string, script: string, input = ''): Promise<string> {
  return (await fleet.host(host).exec(['sh', '-c', script], { input })).stdout.trim();
}

/** An app that runs as nobody on two of three hosts, and answers with what it got. */
async function shop(t: ExecutionContext, more = '', hosts = '[h1, h2]'): Promise<string> {
  const folder = await temporaryFolder(t);
  const program = `import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
const got = [process.env.TOKEN, readFileSync(process.env.HAWSER_SECRETS + '/KEY', 'base64')];
createServer((_, response) => response.end(got.join())).listen(8080, '127.0.0.1');`;
  await writeFile(path.join(folder, 'app.mjs'), program);
  await writeFile(
    path.join(folder, 'hawser.yaml'),
    `name: shop
hosts: ${hosts}
user: nobody
run: [node, app.mjs]
settle: 200ms
health: { exec: [node, -e, "fetch('http://127.0.0.1:8080')"], timeout: 20s, interval: 100ms }
secrets: { TOKEN: env, KEY: file }
hooks: { prepare: [sh, -c, 'test -n "$TOKEN" && test -s "$HAWSER_SECRETS/KEY"'] }
${more}`,
  );
  return folder;
}

function secret(args: readonly string[], input: string | Buffer = '', cwd?: string): Promise<Result> {
  return hawser(['secret', ...args, ...flags], { input, ...(cwd === undefined ? {} : { cwd }) });
}

function deploy(folder: string, ...more: readonly string[]): Promise<Result> {
  return hawser(['deploy', folder, '--no-git', '--yes', ...more, ...flags]);
}

async function answer(host: string): Promise<string> {
  return on(host, `node -e "fetch('http://127.0.0.1:8080').then((r) => r.text()).then(console.log)"`);
}

test.serial(
  'what cannot be a secret is refused, each for its own reason, before anything is stored',
  async (t) => {
    const folder = await shop(t);
    const said = async (
      expected: RegExp,
      code: number,
      args: readonly string[],
      input: string | Buffer = VALUE,
    ) => {
      const result = await secret(['set', ...args], input, folder);
      t.is(result.code, code, result.stderr);
      t.regex(result.stderr, expected);
      t.false(result.stderr.includes(VALUE), result.stderr);
    };
    await said(/"1A" is no name of a secret: it has letters, digits and _/, 2, ['1A']);
    await said(/cannot be called HAWSER_A: variables that begin with HAWSER_/, 2, ['HAWSER_A']);
    await said(/Standard input is empty/, 2, ['TOKEN'], '');
    await said(/Standard input is empty/, 2, ['TOKEN'], '\n');
    await said(/Standard input has more than 65536 bytes/, 2, ['TOKEN'], Buffer.alloc(1_000_000, 'x'));
    await said(/Cannot read \/none: there is no such file/, 2, ['TOKEN', '--file', '/none']);
    await said(/"Shop" is no name of an app/, 2, ['TOKEN', '--app', 'Shop']);
    await said(/No app called sop was deployed\. Before its first deploy, run this in/, 2, [
      'TOKEN',
      '--app',
      'sop',
    ]);
    await said(/No host of the fleet is called h9/, 2, ['TOKEN', '--hosts', 'h9']);
    await said(
      /The value of TOKEN has bytes that no variable can hold: write "TOKEN: file"/,
      2,
      ['TOKEN'],
      'a\0b',
    );
    await said(/The value of TOKEN has bytes/, 2, ['TOKEN'], Buffer.from([0xff]));
    await said(/too many arguments/, 2, ['TOKEN', 'value']);
    t.regex((await secret(['set', 'TOKEN'], VALUE)).stderr, /Whose secret\? Name the app with --app/);
    t.is((await secret(['list'])).stdout, 'no secrets yet\n');
    const { code, stderr } = await secret(['remove', 'TOKEN', '--app', 'shop']);
    t.is(code, 2);
    t.regex(stderr, /shop has no secret TOKEN/);
  },
);

test.serial('a deploy is refused before it is recorded until its secrets are set', async (t) => {
  const folder = await shop(t);
  const { code, stderr } = await deploy(folder);
  t.is(code, refused);
  t.regex(stderr, /The secret TOKEN of shop is not set: run "hawser secret set TOKEN --app shop"\./);
  t.regex(stderr, /The secret KEY of shop is not set/);
  t.deepEqual(JSON.parse((await hawser(['deploys', 'list', '--json', ...flags])).stdout), []);
});

test.serial('its hosts get a secret, and nobody else can read it anywhere', async (t) => {
  const folder = await shop(t);
  const set = await secret(['set', 'TOKEN', '--verbose'], `${VALUE}\n`, folder);
  t.is(set.code, 0, set.stderr);
  t.is(set.stdout, 'Set TOKEN of shop for h1, h2.\n');
  t.false(set.stderr.includes(VALUE));
  const key = path.join(folder, '..', `key-${path.basename(folder)}`);
  await writeFile(key, `${VALUE}\0\n`);
  const bytes = await secret(['set', 'KEY', '--file', key, '--json'], '', folder);
  t.deepEqual(JSON.parse(bytes.stdout), { app: 'shop', name: 'KEY', hosts: ['h1', 'h2'] });
  const deployed = await deploy(folder, '--verbose');
  t.is(deployed.code, 0, deployed.stderr);
  const expected = `${VALUE},${Buffer.from(`${VALUE}\0\n`).toString('base64')}`;
  for (const host of ['h1', 'h2']) t.is(await answer(host), expected);

  await using world = await openWorld(fleet);
  const chunks: Uint8Array[] = [];
  for await (const chunk of world.client.snapshot()) chunks.push(chunk);
  const snapshot = Buffer.concat(chunks);
  t.true(snapshot.includes('/hawser/secrets/shop/TOKEN'));
  for (const text of [VALUE, Buffer.from(VALUE).toString('base64').slice(0, 30)])
    t.false(snapshot.includes(text));
  t.false((deployed.stdout + deployed.stderr).includes(VALUE));
  for (const { name: host } of fleet.hosts) {
    t.false((await fleet.host(host).agentLog()).includes(VALUE));
    // Root may not look at processes of others in such a container.
    const search = (what: string, as = '') =>
      on(host, `${as} grep -rlaF -f - ${what} 2>/dev/null; true`, VALUE);
    const files = (await search('/var/lib /var/log /etc /tmp /root /home')).split('\n').filter(Boolean);
    t.deepEqual(files, host === 'h3' ? [] : [`${prefix}/apps/shop/secrets/1/KEY`]);
    t.is(await search('/proc/[0-9]*/cmdline'), '');
    t.is(await search('/proc/[0-9]*/environ'), '');
    const asNobody = 'setpriv --reuid nobody --regid nogroup --clear-groups';
    const holders = (await search('/proc/[0-9]*/environ', asNobody)).split('\n').filter(Boolean);
    t.is(holders.length > 0, host !== 'h3', holders.join());
    // The app, and perhaps its health check, which may have ended meanwhile.
    for (const file of holders)
      t.regex(
        await on(host, `tr '\\0' ' ' <${path.dirname(file)}/cmdline`),
        /^(\S*node (app\.mjs|-e fetch).*)?$/,
      );
  }
  const other = await secret(['set', 'TOKN'], 'x', folder);
  t.regex(other.stderr, /No program of shop gets it yet: hawser\.yaml does not name TOKN below secrets\./);
  t.is((await secret(['remove', 'TOKN', '--json'], '', folder)).stdout, '{"app":"shop","name":"TOKN"}\n');
  const owner = `stat -c '%U %a' ${prefix}/apps/shop/secrets/1/KEY ${prefix}/secrets/identity`;
  t.is(await on('h1', owner), 'nobody 400\nroot 600');
  const [listed] = JSON.parse((await secret(['list', '--app', 'shop', '--json'])).stdout).slice(1);
  t.like(listed, { app: 'shop', name: 'TOKEN', hosts: ['h1', 'h2'], lost: [], isText: true });
  t.regex((await secret(['list'])).stdout, /^APP +NAME +SET +BY +HOSTS\nshop +KEY +.* +h1, h2\nshop +TOKEN /);
});

test.serial(
  'a new value counts from the next start on; a rollback does not bring an old one back',
  async (t) => {
    const folder = await shop(t);
    const set = await secret(['set', 'TOKEN'], 'another', folder);
    t.regex(set.stderr, /shop runs with the value of before until it is started again: hawser restart shop/);
    t.true((await answer('h1')).startsWith(VALUE));
    t.is((await hawser(['restart', 'shop', '--yes', ...flags])).code, 0);
    for (const host of ['h1', 'h2']) t.true((await answer(host)).startsWith('another,'), host);
    await secret(['set', 'TOKEN'], 'third', folder);
    const back = await hawser(['rollback', '1', '--yes', ...flags]);
    t.is(back.code, 0, back.stderr);
    t.true((await answer('h2')).startsWith('third,'));
  },
);

test.serial('an agent starts its apps with their secrets while etcd is away', async (t) => {
  for (const host of ['h2', 'h1']) await fleet.host(host).stopAgent();
  t.is(await answer('h2'), '');
  await fleet.host('h2').startAgent();
  await until('it runs', async () => (await answer('h2')).startsWith('third,'));
  await fleet.host('h1').startAgent();
  await until('h1 serves', async () => (await recipients().catch(() => new Map())).size === 3);
  t.pass();
});

test.serial('a host that comes later is named, with the command that mends it', async (t) => {
  const folder = await shop(t, '', '[h1, h3]');
  const { code, stderr } = await deploy(folder);
  t.is(code, refused);
  t.regex(
    stderr,
    /h3 cannot read the secret TOKEN of shop, .*run "hawser secret set TOKEN --app shop" again\./,
  );
  await using world = await openWorld(fleet);
  const restarted = await hawser(['restart', 'shop', 'h3', '--yes', ...flags]);
  t.is(restarted.code, refused, restarted.stderr);
  t.is(await world.getMaxDeployId(), 3);
});

test.serial('who writes into etcd gets no secret by a key of their own', async (t) => {
  const folder = await shop(t);
  await using world = await openWorld(fleet);
  const key = '/hawser/recipients/h2';
  const own = await world.client.get(key);
  await world.client.set(key, (await world.client.get('/hawser/recipients/h3'))?.value ?? '');
  const isRefused = async (expected: RegExp, ...more: string[]) => {
    const result = await hawser(['secret', 'set', 'TOKEN', ...more], { input: VALUE, cwd: folder });
    t.is(result.code, refused, result.stderr);
    t.regex(result.stderr, expected);
  };
  const [first] = fleet.hosts;
  const login = ['--ssh-known-hosts', fleet.knownHostsFile, '--ssh-id', fleet.identityFile];
  const seed = ['--seeds', first?.clientUrl ?? ''];
  const one = ['--ssh-url', first?.destination ?? '', ...seed, ...login];
  await isRefused(
    /^hawser: Only etcd says with which key h2 would decrypt it, .* pass an --ssh-url for each/,
    ...one,
  );
  const file = await fleetFile('another');
  const another =
    /^hawser: etcd has another key for secrets of h2 than the host itself has, so somebody may want/;
  await isRefused(another, '--fleet', file);
  if (own !== undefined) await world.client.set(key, own.value);
  const set = await hawser(['secret', 'set', 'TOKEN', '--fleet', file], { input: VALUE, cwd: folder });
  t.is(set.code, 0, set.stderr);
  const pinned = await readFile(file, 'utf8');
  t.is(pinned.match(/age-recipient: age1/g)?.length, 2);
  await world.client.set(key, (await world.client.get('/hawser/recipients/h3'))?.value ?? '');
  await isRefused(
    /^hawser: etcd has another key for secrets of h2 than the fleet file has/,
    '--fleet',
    file,
    '--trust-etcd',
  );
  const { problems } = JSON.parse((await hawser(['status', '--json', ...flags])).stdout);
  const missing = problems.filter(({ code }: { code: string }) => code === 'secret-missing');
  t.deepEqual(
    missing.map(({ host }: { host: string }) => host),
    ['h2', 'h2'],
  );
  t.regex(
    missing.map(({ message }: { message: string }) => message).join('\n'),
    /h2 cannot read the secret TOKEN of shop, .*"hawser secret set TOKEN --app shop" again/,
  );
  if (own !== undefined) await world.client.set(key, own.value);
});

test.serial('a person types it unseen, and is asked before it is removed', async (t) => {
  const folder = await shop(t);
  const set = hawserInTerminal(t, ['secret', 'set', 'TOKEN', ...flags], { cwd: folder });
  await set.shows(/Value of TOKEN:/);
  set.type('\r');
  await set.shows(/It is empty: a secret has at least one byte/);
  set.type(`typed-${VALUE}\r`);
  await set.shows(/Set TOKEN of shop for h1, h2\./);
  t.is(await set.exited, 0);
  t.false(set.written().includes(VALUE));
  const remove = hawserInTerminal(t, ['secret', 'remove', 'TOKEN', ...flags], { cwd: folder });
  await remove.shows(/Delete the secret TOKEN of shop\?/);
  remove.type('y\r');
  await remove.shows(/Deleted TOKEN of shop\./);
  t.is(await remove.exited, 0);
  const { code, stderr } = await hawser(['restart', 'shop', '--yes', ...flags]);
  t.is(code, refused);
  t.regex(stderr, /The secret TOKEN of shop is not set/);
});
