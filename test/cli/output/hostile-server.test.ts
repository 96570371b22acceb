import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import ssh2, { type AuthContext, type Connection } from 'ssh2';
import { makeKey } from '../../tunnel/helpers/sshd.js';
import { hawser, temporaryFolder } from '../helpers/hawser.js';
import { actedOn, drawn, hostile, sentBesidesText } from '../helpers/hostile.js';
import { hawserInTerminal } from '../helpers/terminal.js';

const transports = ['ssh2', 'openssh'] as const;
const huge = `${hostile('refused')}${'x'.repeat(20_000)}${hostile('end')}`;

/** What of ssh2's server its interface does not offer: to refuse a channel with words of one's own. */
interface Refusing {
  readonly _protocol: { channelOpenFail(recipient: number, reason: number, description: string): void };
}

/** An SSH server whose login is up to the test, and which refuses every forward in words that try everything. */
async function hostileServer(
  t: ExecutionContext,
  login: (context: AuthContext) => void,
): Promise<{ readonly cwd: string; readonly flags: readonly string[] }> {
  const cwd = await temporaryFolder(t);
  const hostKey = path.join(cwd, 'host_key');
  const identity = path.join(cwd, 'id');
  await makeKey(hostKey);
  await makeKey(identity);
  const server = new ssh2.Server({ hostKeys: [await readFile(hostKey)] }, (connection: Connection) => {
    connection.on('authentication', login).on('error', () => {});
    connection.on('session', (accept) => {
      accept().on('exec', (acceptCommand) => {
        const command = acceptCommand();
        command.exit(0);
        command.end();
      });
    });
    const { _protocol: protocol } = connection as unknown as Refusing;
    const refuse = protocol.channelOpenFail.bind(protocol);
    protocol.channelOpenFail = (recipient) => refuse(recipient, 1, huge);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  const [type, key] = (await readFile(`${hostKey}.pub`, 'utf8')).split(' ');
  const known = path.join(cwd, 'known_hosts');
  await writeFile(known, `[127.0.0.1]:${port} ${type} ${key}\n`);
  const flags = ['--ssh-url', `me@127.0.0.1:${port}`, '--ssh-id', identity, '--ssh-known-hosts', known];
  return { cwd, flags };
}

for (const transport of transports) {
  test.serial(
    `${transport}: the words of a server that refuses a forward are shown, not obeyed`,
    async (t) => {
      const { cwd, flags } = await hostileServer(t, (context) => context.accept());
      const args = ['str', 'get', 'motd', ...flags, '--transport', transport, '--timeout', '2s'];
      const terminal = hawserInTerminal(t, [...args, '--verbose'], { cwd, columns: 4_000 });
      t.is(await terminal.exited, 3, terminal.screen());
      t.is(actedOn(terminal.written()), undefined);
      t.is(sentBesidesText(terminal.written()), undefined);
      t.true(terminal.written().includes('EVIL'), terminal.screen());

      const { stderr } = await hawser(args, { cwd });
      t.is(stderr.trimEnd().split('\n').length, 1, stderr);
      // All of a refusal would be 20 kB; how it ends is what to do about it.
      t.true(stderr.length < 3_000, String(stderr.length));
      t.regex(stderr, /check AllowTcpForwarding/);
    },
  );

  test.serial(`${transport}: what a server asks at the login is shown, not obeyed`, async (t) => {
    const { cwd, flags } = await hostileServer(t, (context) => {
      if (context.method !== 'keyboard-interactive') return context.reject(['keyboard-interactive']);
      const prompts = [{ prompt: `${hostile('Code')}: `, echo: true }];
      context.prompt(prompts, hostile('title'), hostile('instructions'), () => context.reject());
    });
    const args = ['status', ...flags, '--transport', transport];
    const terminal = hawserInTerminal(t, args, { cwd, columns: 4_000 });
    await terminal.shows(/\n {2}\| .*Code[^\n]*\n/);
    terminal.type('\x03');
    t.is(await terminal.exited, 130, terminal.screen());
    // inquirer writes the last line of a question in bold.
    t.is(actedOn(terminal.written().replaceAll('\x1b[1m', '')), undefined);
    t.is(sentBesidesText(terminal.written().replaceAll(drawn, '')), undefined);
  });

  test.serial(`${transport}: what comes instead of SSH is shown, not obeyed`, async (t) => {
    const cwd = await temporaryFolder(t);
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.end(`${huge}\r\n${hostile('SSH-2.0-')}\r\n`);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.teardown(() => server.close());
    const { port } = server.address() as AddressInfo;
    const args = [
      'forward',
      '--ssh-url',
      `me@127.0.0.1:${port}`,
      '--transport',
      transport,
      '--timeout',
      '3s',
    ];
    const terminal = hawserInTerminal(t, [...args, '--verbose'], { cwd, columns: 4_000 });
    t.is(await terminal.exited, 3, terminal.screen());
    t.is(actedOn(terminal.written()), undefined);
    t.is(sentBesidesText(terminal.written()), undefined);
  });
}
