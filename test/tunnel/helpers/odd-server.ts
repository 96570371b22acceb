import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { makeKey } from './sshd.js';

export interface Oddities {
  /** What follows `SSH-2.0-`. */
  readonly software?: string;
  /** Sent before the identification. */
  readonly prelude?: string;
  readonly banner?: string;
  /** Clients that it hangs up on, by their identification. */
  readonly refuses?: RegExp;
  /** Wants a password, and answers it with noise. */
  readonly garblesPassword?: boolean;
}

/** An SSH server that speaks as few do. Whoever has a key gets in; each command ends with status 0. */
export class OddServer implements AsyncDisposable {
  /** Where an ssh_config is that has it as `web`. */
  readonly configFile: string;
  readonly port: number;
  /** Identifications of its clients. */
  readonly clients: string[] = [];
  readonly #folder: string;
  readonly #close: () => Promise<void>;

  private constructor(folder: string, port: number, close: () => Promise<void>) {
    this.#folder = folder;
    this.port = port;
    this.configFile = join(folder, 'config');
    this.#close = close;
  }

  static async start(oddities: Oddities = {}): Promise<OddServer> {
    const folder = await mkdtemp(join(tmpdir(), 'odd-'));
    for (const name of ['host_key', 'id']) await makeKey(join(folder, name));
    const { software, prelude = '', banner, refuses, garblesPassword = false } = oddities;
    const config = {
      hostKeys: [await readFile(join(folder, 'host_key'))],
      // Its types do not know that bytes are taken too.
      ...(software !== undefined && { ident: Buffer.from(software) as unknown as string }),
      ...(banner !== undefined && { banner }),
    };
    const sockets = new Set<Socket>();
    const listener = createServer((socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket)).on('error', () => {});
      socket.once('data', (chunk: Buffer) => {
        const client = chunk.toString('latin1').split('\r\n')[0] ?? '';
        odd.clients.push(client);
        if (refuses?.test(client)) socket.destroy();
      });
      socket.write(prelude);
      const server = new ssh2.Server(config, (client) => {
        serve(client, garblesPassword ? () => socket.write('noise'.repeat(20)) : undefined);
      });
      server.injectSocket(socket);
    });
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const address = listener.address();
    if (typeof address !== 'object' || address === null) throw new Error('not listening');
    const odd = new OddServer(folder, address.port, async () => {
      for (const socket of sockets) socket.destroy();
      listener.close();
      await once(listener, 'close');
    });
    await odd.#configure();
    return odd;
  }

  async #configure(): Promise<void> {
    const key = (await readFile(join(this.#folder, 'host_key.pub'), 'utf8')).split(' ').slice(0, 2).join(' ');
    const knownHosts = join(this.#folder, 'known_hosts');
    await writeFile(knownHosts, `[127.0.0.1]:${this.port} ${key}\n`);
    await writeFile(
      this.configFile,
      [
        'Host web',
        'HostName 127.0.0.1',
        `Port ${this.port}`,
        'User me',
        `IdentityFile ${join(this.#folder, 'id')}`,
        'IdentitiesOnly yes',
        `UserKnownHostsFile ${knownHosts}`,
        'GlobalKnownHostsFile none\n',
      ].join('\n'),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

function serve(client: ssh2.Connection, garble: (() => void) | undefined): void {
  // Who does not understand us hangs up.
  client.on('error', () => {});
  client.on('authentication', (attempt) => {
    if (garble && attempt.method === 'password') garble();
    else if (garble) attempt.reject(['password']);
    else if (attempt.method === 'publickey') attempt.accept();
    else attempt.reject(['publickey']);
  });
  client.on('session', (accept) => {
    const session = accept();
    session.on('exec', (acceptCommand) => {
      const stream = acceptCommand();
      stream.exit(0);
      stream.end();
    });
  });
}
