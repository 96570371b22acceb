import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import path from 'node:path';
import test from 'ava';
import { Tunnel } from '../../../tunnel/index.js';
import { readAll, Target } from '../../tunnel/helpers/target.js';
import { lastJson, shown } from '../helpers/hawser.js';
import { CiJob } from './ci-job.js';
import { recipesFor } from './recipes.js';

let job: CiJob;

test.before(async () => {
  job = await CiJob.start();
});
test.after.always(() => job?.[Symbol.asyncDispose]());

test.serial('the key of the recipe opens etcd’s socket, and nothing else', async (t) => {
  const { folder, socket } = job;
  const { sshPort, user, hostKey } = job.fleet.host('h1');
  const known = path.join(folder, 'known_hosts');
  await writeFile(known, `[127.0.0.1]:${sshPort} ${hostKey}\n`);
  const options = [
    '-F',
    'none',
    '-i',
    `${folder}/ssh`,
    '-o',
    'BatchMode=yes',
    '-o',
    `UserKnownHostsFile=${known}`,
  ];
  const login = [...options, '-o', 'ExitOnForwardFailure=yes', '-p', String(sshPort), `${user}@127.0.0.1`];
  const ssh = (...args: string[]) => job.run(['ssh', ...args], { DISPLAY: ':9' });

  const command = await ssh('-v', '-X', ...login, 'id');
  t.is(command.code, 1);
  t.is(command.stdout, '');
  // What sshd says that the key may: no terminal, agent, X11 or ~/.ssh/rc is among it.
  t.regex(command.stderr, /key options: command permitopen permitlisten port-forwarding\r?$/m);
  t.regex(command.stderr, /X11 forwarding disabled by key options/);
  t.is((await ssh(...login)).code, 1);
  t.regex((await ssh('-tt', ...login)).stderr, /PTY allocation request failed/);
  t.is((await ssh('-s', ...login, 'sftp')).code, 1);
  for (const where of ['127.0.0.1:0', '0:0', `${folder}/theirs.sock`])
    t.regex(
      (await ssh('-N', '-R', `${where}:127.0.0.1:22`, ...login)).stderr,
      /forwarding failed for listen/,
      where,
    );
  await using tcp = await Target.start((connection) => connection.end('reached'));
  t.regex((await ssh('-W', `127.0.0.1:${tcp.port}`, ...login)).stderr, /administratively prohibited/);

  const other = path.join(folder, 'other.sock');
  const server = createServer((connection) => connection.end('reached')).listen(other);
  t.teardown(() => server.close());
  await using tunnel = await Tunnel.open({
    destinations: [{ user, host: '127.0.0.1', port: sshPort }],
    knownHostsFiles: [known],
    identityFiles: [`${folder}/ssh`],
  });
  const said = async (socketPath: string) => {
    await using forward = await tunnel.forward({ socketPath });
    const connection = connect(forward.address.slice('unix://'.length));
    // The beginning of HTTP/2: whoever speaks it answers with its settings, and ends when it does not like the rest.
    connection.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nnonsense that no frame begins with');
    return await readAll(connection).catch(() => Buffer.alloc(0));
  };
  t.is((await said(other)).length, 0);
  t.true((await said(socket)).length > 0);
});

test.serial('each recipe deploys with that key, signed, and the report says so', async (t) => {
  for (const { name: recipe, steps, env } of await recipesFor(job.folder)) {
    await job.commitApp(`echo ${recipe}; exec sleep 1000`);
    const { code, stdout, stderr } = await job.steps(steps, env);
    t.is(code, 0, stderr);
    t.regex(stdout, /^Deploy [123] of web is healthy on h1, h2\.\n$/);
    const { cases, properties, systemOut } = await job.report();
    t.deepEqual(
      cases.map(({ name, result }) => [name, result]),
      [
        ['deploy of web', 'passed'],
        ['h1', 'passed'],
        ['h2', 'passed'],
      ],
    );
    t.is(properties['verdict'], 'healthy');
    t.regex(systemOut, /^\d{4}-.*Z h1: /m);
  }
});

test.serial('status, deploys wait and forward need no more than that key', async (t) => {
  const { code, stdout, stderr } = await job.run(['hawser', 'status', '--json', ...job.reach]);
  t.is(code, 0, stderr);
  t.is(lastJson(stdout).ok, true);
  const waited = await job.run(['hawser', 'deploys', 'wait', '3', '--junit', 'out/wait.xml', ...job.reach]);
  t.is(waited.code, 0, waited.stderr);
  t.is((await job.report('out/wait.xml')).cases[0]?.name, 'deploys wait of web');
  const forward = job.start(['hawser', 'forward', ...job.reach]);
  await shown(forward.stdout, /^unix:\/\/\/.*\n/);
  forward.kill('SIGTERM');
  await once(forward, 'exit');
});

test.serial('an entry that the same key writes without a signature is refused by the hosts', async (t) => {
  await job.commitApp('echo stolen; exec sleep 1000');
  const args = ['deploy', 'web', '--yes', '--junit', 'deploy.xml', ...job.reach] as const;
  const { code } = await job.run(['hawser', ...args], { GITLAB_CI: 'true' });
  t.is(code, 5);
  const { cases, properties } = await job.report();
  t.is(properties['verdict'], 'rolled-back');
  t.regex(cases[1]?.message ?? '', /Deploy 4 of web is not applied: it is not signed\./);
  const { stdout } = await job.run(['hawser', 'apps', '--json', ...job.reach]);
  t.notRegex(stdout, /"deploy":4/);
});

/** What an app could write to take over a job, each on a line of its own. */
const ATTACKS = [
  '::add-mask::web',
  '  ::stop-commands::x',
  '##[error]x',
  'h1: ##[add-mask]web',
  '\u001b[2Jsection_end:1:x',
];

test.serial(
  'in Actions a failure is an annotation with the app’s last words, which are no commands',
  async (t) => {
    await job.commitApp(`${ATTACKS.map((line) => `printf '%s\\n' '${line}'`).join('; ')}; exit 7`, '20s');
    const summary = path.join(job.folder, 'summary.md');
    const env = { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: summary };
    const { code, stdout, stderr } = await job.steps('sh ci/deploy.sh web fleet.yaml deploy.xml', env);
    t.is(code, 5);
    const log = `${stdout}${stderr}`;
    t.false(log.includes('##[') || log.includes('\u001b'), log);
    const [whole, ...blamed] = [...log.matchAll(/^\s*::error title=(.*?)::(.*)$/gm)];
    t.deepEqual(
      [...log.matchAll(/^\s*::([^ :]*)/gm)].map(([, command]) => command),
      ['group', 'endgroup', 'error', ...blamed.map(() => 'error')],
      log,
    );
    t.is(whole?.[1], 'Deploy 5 of web');
    // Which of the two failed first, or whether both did, is for them to say.
    for (const [, title = '', message = ''] of blamed) {
      t.regex(title, /^Deploy 5 of web%3A h[12] failed at health$/);
      t.true(
        message.endsWith(
          '%0A::add-mask::web%0A  ::stop-commands::x%0A#\\x23[error]x%0Ah1: #\\x23[add-mask]web%0A\\e[2Jsection_end:1:x',
        ),
        message,
      );
    }
    t.true(blamed.length > 0);
    t.regex(log, /^ {2}\| ::add-mask::web$/m);
    t.regex(
      await readFile(summary, 'utf8'),
      /^### Deploy 5 of web: rolled&#45;back\n[\s\S]*\| h[12] \| failed \| health \|/,
    );
    const failed = (await job.report()).cases.find(({ type }) => type === 'health');
    t.true(failed?.text.includes('\n::add-mask::web\n  ::stop-commands::x\n##[error]x\n'), failed?.text);
  },
);

test.serial(
  'a section of GitLab is around the progress; elsewhere, and for a program, there are no marks',
  async (t) => {
    const again = ['hawser', 'deploys', 'wait', '5', ...job.reach] as const;
    const { stderr } = await job.run(again, { GITLAB_CI: 'true' });
    const marks = stderr.replaceAll('\u001b[0K', '<K>').match(/^<K>section_[^\n]*$/gm);
    t.regex(
      marks?.join('\n') ?? '',
      /^<K>section_start:\d+:hawser_deploy\r<K>Deploy 5 of web\n<K>section_end:\d+:hawser_deploy\r<K>$/,
    );
    const json = await job.run([...again, '--json'], { GITHUB_ACTIONS: 'true' });
    t.is(json.stderr, '');
    t.is(lastJson(json.stdout).verdict, 'rolled-back');
    const plain = await job.run(again);
    t.notRegex(plain.stderr + plain.stdout, /section_start|^::/m);
  },
);

test.serial(
  'the report is there when the job is cancelled, time runs out, or nobody was asked',
  async (t) => {
    await job.commitApp('exec sleep 1001', '1h');
    const script = job.start(['sh', 'ci/deploy.sh', 'web', 'fleet.yaml']);
    await shown(script.stderr, /^h[12]: /m);
    script.kill('SIGTERM');
    const [code] = await once(script, 'exit');
    t.is(code, 130);
    const [cancelled] = (await job.report()).cases;
    t.like(cancelled, { result: 'error', type: 'interrupted' });
    t.regex(cancelled?.message ?? '', /deploy 6 goes on without this command/);

    const wait = [
      'hawser',
      'deploys',
      'wait',
      '6',
      '--wait-timeout',
      '100ms',
      '--junit',
      'deploy.xml',
    ] as const;
    t.is((await job.run([...wait, ...job.reach])).code, 5);
    const late = await job.report();
    t.is(late.properties['verdict'], 'running');
    t.deepEqual(new Set(late.cases.map(({ result }) => result)), new Set(['error']));

    t.is((await job.run([...wait, '--fleet', './nothing.yaml'])).code, 2);
    t.like((await job.report()).cases, {
      length: 1,
      0: { name: 'deploys wait', result: 'error', type: 'usage' },
    });
    const nowhere = [
      'hawser',
      'deploy',
      'web',
      '--yes',
      '--junit',
      'fleet.yaml/x.xml',
      ...job.reach,
    ] as const;
    const { code: bad, stderr } = await job.run(nowhere);
    t.is(bad, 2);
    t.regex(
      stderr,
      /^hawser: Cannot write the report fleet\.yaml\/x\.xml: part of its path is not a directory\./,
    );
    t.is(lastJson((await job.run(['hawser', 'deploys', 'list', '--json', ...job.reach])).stdout)[0].id, 6);
  },
);
