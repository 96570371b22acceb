import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';
import test from 'ava';
import { ReconnectingConnection } from '../../../tunnel/connection/reconnecting-connection.js';
import { Forward } from '../../../tunnel/forward/forward.js';
import { TunnelError } from '../../../tunnel/index.js';
import type { Link } from '../../../tunnel/transport/transport.js';
import { Target } from '../helpers/target.js';

const via = { user: 'me', host: 'h', port: 22 };
const lost = new TunnelError('unreachable', 'me@h:22', 'It is gone.');

/** A link whose channels fail before it says that it is gone, as happens while its end is on the way to us. */
class DyingLink implements Link {
  readonly closed: Promise<TunnelError>;
  asked = 0;
  #settle = (_: TunnelError) => {};

  constructor() {
    this.closed = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  async openChannel(): Promise<never> {
    this.asked += 1;
    await turn();
    throw new TunnelError('closed', 'me@h:22', 'There is no connection.');
  }

  exec(): Promise<never> {
    return this.openChannel();
  }

  expectChannels(): void {}

  onDoubt(): void {}

  destroy(): void {
    this.#settle(lost);
  }

  async close(): Promise<void> {
    this.destroy();
  }
}

/** A link to this machine. */
const direct: Link = {
  closed: new Promise(() => {}),
  openChannel: async (target) => {
    const socket = connect('port' in target ? target : { path: target.socketPath });
    await once(socket, 'connect');
    return socket;
  },
  exec: () => Promise.reject(lost),
  expectChannels: () => {},
  onDoubt: () => {},
  destroy: () => {},
  close: async () => {},
};

test.serial(
  'a link that failed a connection is not asked for it again: the next one carries it',
  async (t) => {
    await using target = await Target.start();
    const dying = new DyingLink();
    const links: Link[] = [dying, direct];
    const dial = async () => ({ link: links.shift() ?? direct, via });
    const { signal } = new AbortController();
    const connection = await ReconnectingConnection.open(dial, { signal });
    const setup = { holdTimeoutMs: 20_000, host: 'me@h:22', onClose: () => {} };
    await using forward = await Forward.open(target.address, connection, setup);
    const answer = text(connect(forward.address.slice('unix://'.length)).end('through'));
    while (dying.asked === 0) await turn();
    for (let turns = 0; turns < 10; turns += 1) await turn();
    dying.destroy();
    t.is(await answer, 'through');
    t.is(dying.asked, 1);
    await forward.close();
  },
);
