import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { promisify } from 'node:util';
import { freePort } from '../../../fixtures/fleet/free-port.js';
import {
  type OtherServers,
  otherServersIn,
  resolveOtherServers,
} from '../../../fixtures/fleet/ssh/other-servers.js';
import type { AddressedTunnelOptions } from '../../../tunnel/index.js';
import { waitUntil } from '../../fixtures/helpers/wait-until.js';
import { Relay } from './relay.js';
import { makeKey } from './sshd.js';

const run = promisify(execFile);

export type OtherServerName = 'AsyncSSH' | 'Dropbear' | 'TinySSH';

/** Takes the key in the directory, forwards, and answers each command with itself. */
const ASYNCSSH = `
import asyncio, asyncssh, sys
folder, port = sys.argv[1], int(sys.argv[2])
class Server(asyncssh.SSHServer):
    def connection_requested(self, *_): return True
def answer(process):
    process.stdout.write(process.command + '\\n')
    process.exit(0)
async def serve():
    await asyncssh.create_server(Server, '127.0.0.1', port, server_host_keys=[folder + '/host_key'],
        authorized_client_keys=folder + '/.ssh/authorized_keys', process_factory=answer)
    await asyncio.Event().wait()
asyncio.run(serve())
`;

/**
 * Dropbear and TinySSH take keys from the home of root alone: theirs is another directory, and the programs, which may be
 * in the real home, are seen in there.
 */
const WITH_HOME = 'mount --bind "$1" "$2/programs" && mount --bind "$2" /root && shift 2 && exec "$@"';

/** A real SSH server that is not OpenSSH's, behind a relay. */
export class OtherServer implements AsyncDisposable {
  readonly relay: Relay;
  readonly options: AddressedTunnelOptions;
  readonly #folder: string;
  readonly #child: ChildProcess | undefined;

  static async start(name: OtherServerName): Promise<OtherServer> {
    const folder = await mkdtemp(join(tmpdir(), 'other-server-'));
    const programs = await resolveOtherServers();
    await makeKey(join(folder, 'id'));
    await mkdir(join(folder, '.ssh'), { mode: 0o700 });
    await mkdir(join(folder, 'programs'));
    await writeFile(join(folder, '.ssh/authorized_keys'), await readFile(join(folder, 'id.pub')));
    const { hostKey, child, open } = await starters[name](folder, programs);
    await writeFile(join(folder, 'known_hosts'), `[127.0.0.1]:* ${hostKey}\n`);
    return new OtherServer(folder, await Relay.start(open), child);
  }

  private constructor(folder: string, relay: Relay, child: ChildProcess | undefined) {
    this.#folder = folder;
    this.#child = child;
    this.relay = relay;
    this.options = {
      destinations: [{ user: 'root', host: '127.0.0.1', port: relay.port }],
      knownHostsFiles: [join(folder, 'known_hosts')],
      identityFiles: [join(folder, 'id')],
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.relay[Symbol.asyncDispose]();
    if (this.#child && this.#child.exitCode === null) {
      const exited = once(this.#child, 'exit');
      this.#child.kill('SIGKILL');
      await exited;
    }
    await rm(this.#folder, { recursive: true, force: true });
  }
}

interface Started {
  /** `ssh-ed25519 AAAA…` */
  readonly hostKey: string;
  readonly child?: ChildProcess;
  /** Makes the server's end of a new connection. */
  readonly open: () => Duplex;
}

type Start = (folder: string, programs: OtherServers) => Promise<Started>;

const starters: Readonly<Record<OtherServerName, Start>> = {
  AsyncSSH: async (folder, { python, environment }) => {
    await makeKey(join(folder, 'host_key'));
    const port = await freePort();
    const args = ['-W', 'ignore', '-c', ASYNCSSH, folder, String(port)];
    const child = endsWithUs([python, ...args], environment);
    await listening(port, child);
    const hostKey = await readFile(join(folder, 'host_key.pub'), 'utf8');
    return { hostKey: hostKey.trim(), child, open: () => connect(port, '127.0.0.1') };
  },
  Dropbear: async (folder, { dropbearkey, ...programs }) => {
    const keyFile = join(folder, 'host_key');
    const env = { ...process.env, ...programs.environment };
    const { stdout } = await run(dropbearkey, ['-t', 'ed25519', '-f', keyFile], { env });
    const port = await freePort();
    const { dropbear, environment } = await seenFrom(folder);
    const args = ['-F', '-r', keyFile, '-p', `127.0.0.1:${port}`];
    const child = endsWithUs(withHome(folder, programs.folder, [dropbear, ...args]), environment);
    await listening(port, child);
    const hostKey = /^ssh-ed25519 \S+/m.exec(stdout)?.[0] ?? '';
    return { hostKey, child, open: () => connect(port, '127.0.0.1') };
  },
  TinySSH: async (folder, { tinysshdMakekey, tinysshdPrintkey, ...programs }) => {
    const keys = join(folder, 'keys');
    await run(tinysshdMakekey, ['-q', keys]);
    const { stdout } = await run(tinysshdPrintkey, [keys]);
    const { tinysshd, environment } = await seenFrom(folder);
    const open = () => {
      const child = endsWithUs(withHome(folder, programs.folder, [tinysshd, '-q', keys]), environment);
      if (!child.stdout || !child.stdin) throw new Error('a child with pipes has them');
      return Duplex.from({ readable: child.stdout, writable: child.stdin });
    };
    return { hostKey: stdout.trim(), open };
  },
};

function seenFrom(folder: string): Promise<OtherServers> {
  return otherServersIn(join(folder, 'programs'));
}

/** A command in a mount namespace of its own. */
function withHome(folder: string, programs: string, command: readonly string[]): string[] {
  return ['unshare', '--mount', 'sh', '-c', WITH_HOME, 'sh', programs, folder, ...command];
}

function endsWithUs(command: readonly string[], environment: Readonly<Record<string, string>>): ChildProcess {
  return spawn('setpriv', ['--pdeathsig', 'KILL', ...command], {
    env: { ...process.env, ...environment },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
}

async function listening(port: number, child: ChildProcess): Promise<void> {
  await waitUntil(`a server listens on port ${port}`, async () => {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`);
    const socket = connect(port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      return true;
    } catch {
      return false;
    } finally {
      socket.destroy();
    }
  });
}
