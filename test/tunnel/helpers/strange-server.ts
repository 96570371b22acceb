import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2, { type AuthContext, type Connection, type ServerChannel, type Session } from 'ssh2';
import type { AddressedTunnelOptions } from '../../../tunnel/index.js';
import { Relay } from './relay.js';
import { makeKey } from './sshd.js';

/** A command that is asked for. */
export interface AskedCommand {
  /** Answers with nothing and status 0. */
  readonly run: () => void;
  /** Ends the connection. */
  readonly end: () => void;
  /** Closes the session without an answer. */
  readonly close: () => void;
  readonly refuse: () => void;
}

/** What a server does that others do not. */
export interface Strangeness {
  readonly onCommand: (command: AskedCommand) => void;
  /** Whether global requests are answered. */
  readonly answersRequests: boolean;
}

/** A server that forwards, and takes any key; behind a relay. */
export class StrangeServer implements AsyncDisposable {
  readonly relay: Relay;
  readonly options: AddressedTunnelOptions;
  /** Commands that were asked for so far. */
  commands = 0;
  readonly #folder: string;
  readonly #server: ssh2.Server;
  readonly #strangeness: Strangeness;

  static async start(strangeness: Strangeness): Promise<StrangeServer> {
    const folder = await mkdtemp(join(tmpdir(), 'strange-'));
    await makeKey(join(folder, 'id'));
    await makeKey(join(folder, 'host_key'));
    const hostKey = await readFile(join(folder, 'host_key.pub'), 'utf8');
    await writeFile(join(folder, 'known_hosts'), `[127.0.0.1]:* ${hostKey}`);
    const server = new ssh2.Server({ hostKeys: [await readFile(join(folder, 'host_key'))] });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (typeof address !== 'object' || address === null) throw new Error('not listening');
    const relay = await Relay.start(() => connect(address.port, '127.0.0.1'));
    return new StrangeServer(folder, server, relay, strangeness);
  }

  private constructor(folder: string, server: ssh2.Server, relay: Relay, strangeness: Strangeness) {
    this.#folder = folder;
    this.#server = server;
    this.#strangeness = strangeness;
    this.relay = relay;
    this.options = {
      destinations: [{ user: 'me', host: '127.0.0.1', port: relay.port }],
      knownHostsFiles: [join(folder, 'known_hosts')],
      identityFiles: [join(folder, 'id')],
    };
    server.on('connection', (client) => this.#serve(client));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.relay[Symbol.asyncDispose]();
    const closed = once(this.#server, 'close');
    this.#server.close();
    await closed;
    await rm(this.#folder, { recursive: true });
  }

  #serve(client: Connection): void {
    // Connections are cut.
    client.on('error', () => {});
    client.on('authentication', (attempt: AuthContext) => {
      if (attempt.method === 'publickey') attempt.accept();
      else attempt.reject(['publickey']);
    });
    if (!this.#strangeness.answersRequests) Reflect.set(protocolOf(client), 'requestFailure', () => {});
    client.on('tcpip', (accept, _reject, { destPort }) => {
      const channel = accept();
      channel.on('error', () => {});
      connect(destPort, '127.0.0.1')
        .on('error', () => channel.close())
        .pipe(channel)
        .resume();
    });
    client.on('session', (acceptSession) => {
      const session = acceptSession();
      session.on('exec', (accept, refuse) => {
        this.#onCommand(client, { accept, refuse, close: () => closeSession(client, session) });
      });
    });
  }

  #onCommand(
    client: Connection,
    { accept, ...answers }: Pick<AskedCommand, 'refuse' | 'close'> & { readonly accept: () => ServerChannel },
  ): void {
    this.commands += 1;
    const run = () => {
      const channel = accept();
      channel.exit(0);
      channel.end();
    };
    this.#strangeness.onCommand({ ...answers, run, end: () => client.end() });
  }
}

/** ssh2 lets servers close the channel of a session only once a command runs in it. */
function closeSession(client: Connection, session: Session): void {
  const channel: unknown = Reflect.get(session, '_chanInfo');
  const outgoing: unknown =
    typeof channel === 'object' && channel ? Reflect.get(channel, 'outgoing') : undefined;
  const id: unknown = typeof outgoing === 'object' && outgoing ? Reflect.get(outgoing, 'id') : undefined;
  const close: unknown = Reflect.get(protocolOf(client), 'channelClose');
  if (typeof id !== 'number' || typeof close !== 'function') throw new TypeError('ssh2 has no such channel');
  Reflect.apply(close, protocolOf(client), [id]);
}

/** By which ssh2 refuses global requests by itself. */
function protocolOf(client: Connection): object {
  const protocol: unknown = Reflect.get(client, '_protocol');
  if (typeof protocol !== 'object' || protocol === null) throw new TypeError('ssh2 has no protocol');
  return protocol;
}
