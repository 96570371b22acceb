import { spawn } from 'node:child_process';
import { once } from 'node:events';
import test from 'ava';
import { programFile } from '../../fixtures/fleet/project-paths.js';
import { waitConverged } from '../../world/agents/wait-converged.js';
import { hawserInTerminal } from '../cli/helpers/terminal.js';
import { Sshd } from '../tunnel/helpers/sshd.js';
import { LocalAgents } from './helpers/local-agents.js';

let agents: LocalAgents;

test.before(async () => {
  agents = await LocalAgents.create('3.4');
  await agents.start('h1', 'h2', 'h3');
  await agents.voting('h1', 'h2', 'h3');
});
test.after.always(() => agents?.[Symbol.asyncDispose]());

test.serial('one ^C in a terminal leaves the cluster in order, and says what it waits for', async (t) => {
  const [h1, h2, h3] = [agents.agent('h1'), agents.agent('h2'), agents.agent('h3')];
  await h3.stop();
  const terminal = hawserInTerminal(t, ['run', ...h3.flags([h1, h2])], { cwd: '/', env: h3.environment });
  await agents.voting('h1', 'h2', 'h3');
  terminal.type('\x03');
  await terminal.shows(/leav.*wait|wait.*(leav|remov)/i);
  t.is(await terminal.exited, 130);
  t.deepEqual(h3.processes(), []);
  t.false((await agents.look()).members.some(({ name }) => name === 'h3'));
});

for (const [terminal, how] of [
  ['-T', 'without a terminal'],
  ['-tt', 'with a terminal, which it writes to no more'],
] as const) {
  test.serial(`the end of the ssh that it was started through ends it in order: ${how}`, async (t) => {
    const [h1, h2, h3] = [agents.agent('h1'), agents.agent('h2'), agents.agent('h3')];
    if (h3.isRunning) await h3.stop();
    await using sshd = await Sshd.start();
    const environment = Object.entries(h3.environment).map(([name, value]) => `${name}=${value}`);
    const flags = h3.flags([h1, h2], ['--verbose']);
    const command = ['env', ...environment, process.execPath, programFile, 'run', ...flags].map(
      (word) => `'${word}'`,
    );
    const { user, host, port } = sshd.destination;
    const options = [
      '-F',
      'none',
      '-i',
      sshd.identityFile,
      '-o',
      `UserKnownHostsFile=${sshd.knownHostsFile}`,
    ];
    const ssh = spawn(
      'ssh',
      [terminal, ...options, '-p', String(port), `${user}@${host}`, command.join(' ')],
      {
        stdio: ['pipe', 'ignore', 'ignore'],
      },
    );
    t.teardown(() => ssh.kill('SIGKILL'));
    await agents.voting('h1', 'h2', 'h3');
    ssh.kill('SIGKILL');
    await once(ssh, 'exit');
    await agents.votingCount(1);
    await h3.gone();
    t.false((await agents.hosts('/agents/')).includes('h3'));
  });
}

test.serial('a second ^C says how long it will still wait, and a third ends at once', async (t) => {
  const [h1, h2, h3] = [agents.agent('h1'), agents.agent('h2'), agents.agent('h3')];
  h3.start([h1, h2]);
  await agents.voting('h1', 'h2', 'h3');
  // Nobody is left who could take it out of the cluster.
  h1.freeze();
  h2.freeze();
  const from = h3.log.length;
  h3.signal('SIGINT');
  await h3.logged(/leav.*wait|wait.*(leav|remov)/i, from);
  h3.signal('SIGINT');
  await h3.logged(/\d+ s/, from);
  h3.signal('SIGINT');
  t.deepEqual(await h3.ended(), { code: 130, signal: null });
  await h3.gone();
  h1.thaw();
  h2.thaw();
  h3.start([h1, h2]);
  await h3.votes();
  // As itself or afresh: that it wanted to leave may have been heard, and may still be acted on.
  await waitConverged(agents.client, { quietMs: 1_000 });
  await agents.voting('h1', 'h2', 'h3');
});

test.serial('the last host only stops, and has its data when it starts again', async (t) => {
  const [h1, h2, h3] = [agents.agent('h1'), agents.agent('h2'), agents.agent('h3')];
  await agents.client.set('/kept', 'by the last');
  for (const host of [h3, h2, h1]) t.deepEqual(await host.stop(), { code: 0, signal: null });
  h1.start();
  await agents.voting('h1');
  t.is((await agents.client.get('/kept'))?.value.toString(), 'by the last');
});

test.serial('an etcd goes with an agent that is killed', async (t) => {
  const host = agents.agent('h1');
  t.is((await host.etcds()).length, 1);
  await host.kill();
  t.deepEqual(host.processes(), []);
});
