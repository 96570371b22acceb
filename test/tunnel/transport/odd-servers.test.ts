import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { type Question, Tunnel, TunnelError } from '../../../tunnel/index.js';
import { type Oddities, OddServer } from '../helpers/odd-server.js';
import { optionsBy } from '../helpers/ssh-config/ssh-config-file.js';
import { Sshd } from '../helpers/sshd.js';

const run = promisify(execFile);

/** Whether the real `ssh` gets in. */
async function sshGetsIn(server: OddServer): Promise<boolean> {
  try {
    await run('ssh', ['-F', server.configFile, '-o', 'BatchMode=yes', 'web', 'true']);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 255) return false;
    throw error;
  }
}

/** How we get in; undefined when we don't. */
async function waysIn(server: OddServer): Promise<string[] | undefined> {
  const said: string[] = [];
  const options = await optionsBy(server.configFile, 'web');
  const log = (level: string, message: string) => void (level === 'info' && said.push(message));
  try {
    await using tunnel = await Tunnel.open({ ...options, log });
    return tunnel.state.status === 'connected' ? said : undefined;
  } catch (error) {
    if (error instanceof TunnelError && error.code === 'unreachable') return undefined;
    throw error;
  }
}

const LONG_BANNER = 'Authorised use only.\r\n'.repeat(2_000);

const ODD: readonly (readonly [name: string, oddities: Oddities])[] = [
  ['no software version', { software: ' Name' }],
  ['nothing but a blank for a software version', { software: ' ' }],
  ['an identification in other letters than ASCII', { software: 'Näme_1.0 ü' }],
  ['an identification of 300 characters', { software: 'x'.repeat(300) }],
  ['lines before its identification', { prelude: 'Welcome\r\n\r\n\nSSH is here\n' }],
  ['a thousand lines before its identification', { prelude: 'line\r\n'.repeat(1_000) }],
  ['a banner of 44 kB', { banner: LONG_BANNER }],
  ['a dislike of ssh2', { refuses: /ssh2js/ }],
];

for (const [name, oddities] of ODD) {
  test.serial(`a server with ${name} is reached, as by ssh`, async (t) => {
    await using server = await OddServer.start(oddities);
    t.truthy(await waysIn(server));
    t.true(await sshGetsIn(server));
  });
}

test.serial('what is no server for ssh is none for us', async (t) => {
  for (const oddities of [{ software: '' }, { prelude: 'line\r\n'.repeat(1_100) }, { refuses: /./ }]) {
    await using server = await OddServer.start(oddities);
    t.is(await waysIn(server), undefined, JSON.stringify(oddities).slice(0, 60));
    t.false(await sshGetsIn(server));
  }
});

test.serial('once it is known that ssh2 cannot speak with a server, OpenSSH comes first', async (t) => {
  await using sshd = await Sshd.start();
  const banner = join(sshd.folder, 'banner');
  await writeFile(banner, LONG_BANNER);
  await sshd.restart({ config: [`Banner ${banner}`] });
  const said: string[] = [];
  await using tunnel = await Tunnel.open({
    ...sshd.options,
    log: (level, message) => void (level === 'info' && said.push(message)),
  });
  const started = tunnel.state.since;
  t.regex(said.join('\n'), /OpenSSH's ssh: ssh2 does not understand it/);
  const accepted = () => sshd.log.filter((line) => line.startsWith('Accepted')).length;
  const before = accepted();
  await sshd.killConnections();
  for await (const { status, since } of tunnel.states()) if (status === 'connected' && since > started) break;
  t.is(accepted(), before + 1);
});

test.serial('a password that was sent is not sent again by another program', async (t) => {
  await using server = await OddServer.start({ garblesPassword: true });
  const asked: Question[] = [];
  const options = await optionsBy(server.configFile, 'web');
  const error = await t.throwsAsync(
    Tunnel.open({
      ...options,
      ask: async (question) => {
        asked.push(question);
        return 'secret';
      },
    }),
    { instanceOf: TunnelError },
  );
  t.is(error.code, 'unreachable');
  t.deepEqual(
    asked.map(({ kind }) => kind),
    ['password'],
  );
  t.deepEqual(
    server.clients.filter((client) => !client.includes('ssh2js')),
    [],
  );
});
