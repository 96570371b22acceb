import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, link, mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { ControlClient } from '../../agent/control/control-client.js';
import type { AgentState, ServerState } from '../../agent/control/control-protocol.js';
import { controlServer } from '../../agent/control/control-server.js';
import { PrefixLock, type PrefixLockOptions } from '../../agent/control/prefix-lock.js';

const holder = fileURLToPath(new URL('./helpers/programs/hold-prefix.js', import.meta.url));

/** A process that takes a prefix when it is told to. */
class Contender {
  readonly child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(prefix: string) {
    this.child = spawn(process.execPath, [holder, prefix], { stdio: ['pipe', 'pipe', 'inherit'] });
    if (this.child.stdout === null) throw new TypeError('stdout is a pipe');
    this.#lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  async line(): Promise<string> {
    return (await this.#lines.next()).value ?? '';
  }

  go(): void {
    this.child.stdin?.write('go\n');
  }

  async kill(): Promise<void> {
    if (this.child.signalCode !== null) return;
    const gone = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await gone;
  }
}

async function prefixFor(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'hawser-control-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return path.join(folder, 'prefix');
}

function stateOf(state: ServerState): AgentState {
  return { hostname: 'h1', pid: process.pid, version: '1', server: { state, dataFolder: true } };
}

function open(prefix: string, handlers: Partial<PrefixLockOptions> = {}): Promise<PrefixLock> {
  return PrefixLock.open(prefix, {
    state: () => stateOf('no-quorum'),
    rebuild: async () => {},
    rejoin: async () => {},
    restore: async () => {},
    log: () => {},
    ...handlers,
  });
}

/** Sends what our own client never would. */
async function send(socketPath: string, method: string, url: string, body = ''): Promise<[number, string]> {
  const sent = request({ socketPath, method, path: url, agent: false });
  sent.end(body);
  const [response] = await once(sent, 'response');
  return [response.statusCode, await text(response)];
}

test.serial(
  'of ten processes that start at once exactly one holds the prefix, however often its holder is killed',
  async (t) => {
    const prefix = await prefixFor(t);
    let contenders = Array.from({ length: 10 }, () => new Contender(prefix));
    t.teardown(() => Promise.all(contenders.map((one) => one.kill())));
    await Promise.all(contenders.map((one) => one.line()));
    for (let round = 0; round < 5; round += 1) {
      for (const one of contenders) one.go();
      const answers = await Promise.all(contenders.map((one) => one.line()));
      const winners = contenders.filter((_, index) => answers[index] === 'held');
      t.is(winners.length, 1, answers.join('\n'));
      const [winner] = winners;
      for (const answer of answers.filter((one) => one !== 'held')) {
        t.regex(
          answer,
          new RegExp(`^in-use: An agent already runs .* \\(pid ${winner?.child.pid}, hostname holder\\)`),
        );
      }
      await winner?.kill();
      contenders = contenders.filter((one) => one !== winner);
    }
  },
);

test.serial('a prefix whose agent was killed while it created the identity can be used', async (t) => {
  const prefix = await prefixFor(t);
  await (await open(prefix)).close();
  const file = path.join(prefix, 'instance');
  await link(file, `${file}.draft`);
  await using socket = await open(prefix);
  t.truthy(socket);
  t.is((await stat(file)).nlink, 1);
});

test.serial('a holder that is frozen keeps its prefix', async (t) => {
  const prefix = await prefixFor(t);
  const frozen = new Contender(prefix);
  t.teardown(() => frozen.kill());
  await frozen.line();
  frozen.go();
  t.is(await frozen.line(), 'held');
  frozen.child.kill('SIGSTOP');
  await t.throwsAsync(open(prefix), { code: 'in-use', message: /it does not answer/ });
});

test.serial('the socket is private, and gone with its directory clean once it is closed', async (t) => {
  const prefix = await prefixFor(t);
  await mkdir(prefix);
  await chmod(prefix, 0o755);
  const socket = await open(prefix);
  t.is((await stat(prefix)).mode & 0o777, 0o700);
  t.is((await stat(path.join(prefix, 'agent.sock'))).mode & 0o777, 0o600);
  await Promise.all([socket.close(), socket.close()]);
  t.deepEqual(await readdir(prefix), ['instance']);
  await using again = await open(prefix);
  t.truthy(again);
});

test.serial('a prefix that lies deeper than a socket path may be long works and is locked too', async (t) => {
  const prefix = path.join(await prefixFor(t), 'd'.repeat(100), 'e'.repeat(100));
  const contender = new Contender(prefix);
  t.teardown(() => contender.kill());
  await contender.line();
  contender.go();
  t.is(await contender.line(), 'held');
  await t.throwsAsync(open(prefix), { code: 'in-use', message: /hostname holder/ });
  await contender.kill();
  const socket = await open(prefix);
  await socket.close();
  t.deepEqual(await readdir(prefix), ['instance']);
});

test.serial('it says what state the agent is in and passes on what it is asked to do', async (t) => {
  const prefix = await prefixFor(t);
  const asked: unknown[] = [];
  await using _ = await open(prefix, {
    rebuild: async () => void asked.push('rebuild'),
    rejoin: async (seeds) => void asked.push(seeds),
  });
  const client = new ControlClient(path.join(prefix, 'agent.sock'));
  t.deepEqual(await client.state(), stateOf('no-quorum'));
  await client.rebuild();
  await client.rejoin(['http://10.0.0.1:2379']);
  t.deepEqual(asked, ['rebuild', ['http://10.0.0.1:2379']]);
});

test.serial('a server whose cluster has a quorum is neither rebuilt nor sent away', async (t) => {
  const prefix = await prefixFor(t);
  let state: ServerState = 'voter';
  const never = async () => t.fail('it was done all the same');
  await using _ = await open(prefix, { state: () => stateOf(state), rebuild: never, rejoin: never });
  const client = new ControlClient(path.join(prefix, 'agent.sock'));
  await t.throwsAsync(client.rebuild(), { code: 'has-quorum' });
  state = 'learner';
  await t.throwsAsync(client.rejoin(['http://10.0.0.1:2379']), { code: 'has-quorum' });
});

test.serial('one change at a time; one that fails is told, one that the closing ends too', async (t) => {
  const prefix = await prefixFor(t);
  let started = () => {};
  const isStarted = new Promise<void>((resolve) => (started = resolve));
  const socket = await open(prefix, {
    rejoin: () => Promise.reject(new Error('the disk is full')),
    rebuild: async ({ signal }) => {
      started();
      await once(signal, 'abort');
    },
  });
  const client = new ControlClient(path.join(prefix, 'agent.sock'));
  await t.throwsAsync(client.rejoin(['http://10.0.0.1:2379']), {
    code: 'failed',
    message: 'the disk is full',
  });
  const rebuilding = t.throwsAsync(client.rebuild(), { code: 'unreachable' });
  await isStarted;
  await t.throwsAsync(client.rejoin(['http://10.0.0.1:2379']), { code: 'busy' });
  await t.throwsAsync(client.rebuild({ signal: AbortSignal.abort(new Error('enough')) }), {
    message: 'enough',
  });
  await socket.close();
  await rebuilding;
  await t.throwsAsync(client.state(), { code: 'unreachable' });
});

test.serial('what is not in the protocol is refused with a reason', async (t) => {
  const prefix = await prefixFor(t);
  await using _ = await open(prefix, { rebuild: async () => t.fail('it was done all the same') });
  const file = path.join(prefix, 'agent.sock');
  const refused: [string, string, string?][] = [
    ['GET', '/'],
    ['POST', '/state'],
    ['POST', '/rebuild'],
    ['POST', '/rebuild', '{"force":true}'],
    ['POST', '/rebuild', `"${'x'.repeat(70_000)}"`],
    ['POST', '/rejoin', '{"seeds":[]}'],
    ['POST', '/rejoin', '{"seeds":"http://a:2379"}'],
  ];
  for (const [method, url, body] of refused) {
    const [status, answer] = await send(file, method, url, body);
    t.is(status, 400, `${method} ${url} ${body?.slice(0, 40)}`);
    t.is(JSON.parse(answer).error.code, 'invalid');
  }
});

test('a snapshot may take as long to arrive as the line of the person needs', (t) => {
  const { signal } = new AbortController();
  const done = async (): Promise<void> => undefined;
  const handlers = { state: () => stateOf('voter'), rebuild: done, rejoin: done, restore: done };
  t.is(controlServer(handlers, () => undefined, signal).requestTimeout, 0);
});
