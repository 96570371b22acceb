import { once } from 'node:events';
import { connect } from 'node:net';
import test from 'ava';
import { type Dial, ReconnectingConnection } from '../../../tunnel/connection/reconnecting-connection.js';
import { RetryBudget } from '../../../tunnel/connection/retry-budget.js';
import { Tunnel, TunnelError } from '../../../tunnel/index.js';
import type { Link } from '../../../tunnel/transport/transport.js';
import { waitUntil } from '../../fixtures/helpers/wait-until.js';
import { echoed, enter, stateOf } from '../helpers/open-tunnels.js';
import { Relay } from '../helpers/relay.js';
import { Sshd } from '../helpers/sshd.js';
import { Target } from '../helpers/target.js';

const via = { user: 'me', host: 'h', port: 22 };

test('a few attempts may begin at once, and then two a second', (t) => {
  let nowMs = 0;
  const eagerness = new RetryBudget(() => nowMs);
  const takeAll = () => {
    let taken = 0;
    while (eagerness.take()) taken += 1;
    return taken;
  };
  t.is(takeAll(), 20);
  nowMs += 499;
  t.is(takeAll(), 0);
  nowMs += 1;
  t.is(takeAll(), 1);
  nowMs += 60_000;
  t.is(takeAll(), 20);
});

/** A link that is there until it is lost. */
class LosableLink implements Link {
  readonly closed: Promise<TunnelError>;
  lose: (reason: TunnelError) => void = () => {};

  constructor() {
    this.closed = new Promise((resolve) => {
      this.lose = resolve;
    });
  }

  openChannel(): Promise<never> {
    return Promise.reject(new Error('not asked for'));
  }

  exec(): Promise<never> {
    return this.openChannel();
  }

  expectChannels(): void {}

  onDoubt(): void {}

  destroy(): void {}

  async close(): Promise<void> {
    this.lose(lost('closed'));
  }
}

function lost(code: 'unreachable' | 'closed', brokeOff = false): TunnelError {
  return new TunnelError(code, 'me@h:22', 'It is gone.', { brokeOff });
}

/** A connection that is used and lost, whose logins fail in turn with these and then come about; how often it paused until then. */
async function pauses(...failures: readonly TunnelError[]): Promise<number> {
  const first = new LosableLink();
  const outcomes = [first, ...failures, new LosableLink()];
  const dial: Dial = async () => {
    const outcome = outcomes.shift();
    if (outcome instanceof LosableLink) return { link: outcome, via };
    throw outcome;
  };
  const { signal } = new AbortController();
  await using connection = await ReconnectingConnection.open(dial, { signal });
  connection.carry(first.closed.then(() => {}));
  let paused = 0;
  const followed = (async () => {
    for await (const { status } of connection.states.follow({ signal })) {
      if (status === 'waiting') paused += 1;
    }
  })();
  first.lose(lost('unreachable'));
  await connection.link({ signal, after: first });
  await connection.close();
  await followed;
  return paused;
}

test('a connection that is used is made again at once when it breaks off, also while we log in', async (t) => {
  const brokeOff = lost('unreachable', true);
  t.is(await pauses(brokeOff, brokeOff, brokeOff), 0);
});

test('a host that is not there is given a pause, however much it is wanted', async (t) => {
  t.true((await pauses(lost('unreachable'))) >= 1);
});

/** More than what sshd says of itself and of its algorithms, less than a login. */
const IN_THE_MIDDLE_OF_A_LOGIN_BYTES = 1_500;

test('logins of ssh that a network breaks off are begun again at once, for those who use the tunnel', async (t) => {
  await using sshd = await Sshd.start();
  await using target = await Target.start();
  await using relay = await Relay.start(() => connect(sshd.port, '127.0.0.1'));
  await using tunnel = await Tunnel.open({
    ...sshd.options,
    destinations: [{ ...sshd.destination, port: relay.port }],
    knownHostsFiles: [sshd.anyPortKnownHostsFile],
    transport: 'openssh',
    connectTimeoutMs: 60_000,
  });
  await using forward = await tunnel.forward(target.address);
  const used = enter(forward);
  await echoed(t, used);
  const statuses: string[] = [];
  const followed = (async () => {
    for await (const { status } of tunnel.states()) statuses.push(status);
  })();
  const ended = once(used, 'end');
  relay.cutAfterBytes = IN_THE_MIDDLE_OF_A_LOGIN_BYTES;
  relay.cut();
  await ended;
  used.destroy();
  const waiting = enter(forward);
  const before = relay.connections;
  await waitUntil('three logins were broken off', () => relay.connections >= before + 3);
  relay.cutAfterBytes = Number.POSITIVE_INFINITY;
  await stateOf(tunnel, ({ status }) => status === 'connected');
  await echoed(t, waiting);
  await tunnel.close();
  await followed;
  t.false(statuses.includes('waiting'), statuses.join(' '));
});
