import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { freePort } from '../../../fixtures/fleet/free-port.js';
import { resolveSshd } from '../../../fixtures/index.js';
import type { AddressedTunnelOptions, Destination } from '../../../tunnel/index.js';

const run = promisify(execFile);

/** Where a server runs that is not to run on loopback: a command that runs another one there, and its address. */
export interface Place {
  readonly enter: readonly [string, ...string[]];
  readonly address: string;
}

/** A real sshd on a loopback port, with its own keys and configuration. */
export class Sshd implements AsyncDisposable {
  /** Lines that sshd wrote to its log. */
  readonly log: string[] = [];
  readonly folder: string;
  readonly port: number;
  readonly #place: Place | undefined;
  #config: readonly string[];
  #process: ChildProcess | undefined;

  private constructor(folder: string, port: number, config: readonly string[], place: Place | undefined) {
    this.folder = folder;
    this.port = port;
    this.#config = config;
    this.#place = place;
  }

  /** Starts one; `config` are further lines for sshd_config. */
  static async start(
    config: readonly string[] = [],
    {
      hostKeyType = 'ed25519',
      place,
    }: { readonly hostKeyType?: 'ed25519' | 'rsa'; readonly place?: Place } = {},
  ): Promise<Sshd> {
    const folder = await mkdtemp(join(tmpdir(), 'sshd-'));
    const sshd = new Sshd(folder, await freePort(), config, place);
    await makeKey(sshd.hostKeyFile, { type: hostKeyType });
    await makeKey(sshd.identityFile);
    await writeFile(join(folder, 'authorized_keys'), await readFile(`${sshd.identityFile}.pub`));
    await sshd.trustHostKey();
    await sshd.#listen();
    return sshd;
  }

  get hostKeyFile(): string {
    return join(this.folder, 'host_key');
  }

  /** A private key that may log in. */
  get identityFile(): string {
    return join(this.folder, 'id');
  }

  get knownHostsFile(): string {
    return join(this.folder, 'known_hosts');
  }

  /** Trusts our key whatever port leads to us: for links in between. */
  get anyPortKnownHostsFile(): string {
    return join(this.folder, 'known_hosts_any_port');
  }

  get destination(): Destination {
    return { user: userInfo().username, host: this.#address, port: this.port };
  }

  /** Options that get in. */
  get options(): AddressedTunnelOptions {
    return {
      destinations: [this.destination],
      knownHostsFiles: [this.knownHostsFile],
      identityFiles: [this.identityFile],
    };
  }

  /** `ssh-ed25519 AAAA…` */
  async hostKey(): Promise<string> {
    const [type, key] = (await readFile(`${this.hostKeyFile}.pub`, 'utf8')).split(' ');
    return `${type} ${key}`;
  }

  /** As ssh-keygen shows it. */
  async fingerprint(): Promise<string> {
    const { stdout } = await run('ssh-keygen', ['-l', '-f', `${this.hostKeyFile}.pub`]);
    return stdout.split(' ')[1] ?? '';
  }

  async trustHostKey(): Promise<void> {
    const key = await this.hostKey();
    await writeFile(this.knownHostsFile, `[${this.#address}]:${this.port} ${key}\n`);
    await writeFile(this.anyPortKnownHostsFile, `[127.*]:*,[${this.#address}]:* ${key}\n`);
  }

  async hasConnections(): Promise<boolean> {
    return this.#process !== undefined && (await connectionsOf(this.#process)).length > 0;
  }

  /** Kills the process of every connection; sshd goes on listening. */
  async killConnections(): Promise<void> {
    await this.#signalConnections('SIGKILL');
  }

  /** Makes sshd and all its connections silent, without closing anything. */
  async freeze(): Promise<void> {
    this.#process?.kill('SIGSTOP');
    await this.#signalConnections('SIGSTOP');
  }

  /** Makes the process of every connection silent; sshd goes on taking others. */
  async freezeConnections(): Promise<void> {
    await this.#signalConnections('SIGSTOP');
  }

  /** Ends a freeze. */
  async thaw(): Promise<void> {
    this.#process?.kill('SIGCONT');
    await this.#signalConnections('SIGCONT');
  }

  /** `config` takes the place of the further lines for sshd_config. */
  async restart({
    newHostKey = false,
    forgetIdentity = false,
    config = this.#config,
  }: {
    readonly newHostKey?: boolean;
    readonly forgetIdentity?: boolean;
    readonly config?: readonly string[];
  } = {}): Promise<void> {
    await this.stop();
    this.#config = config;
    if (forgetIdentity) await writeFile(join(this.folder, 'authorized_keys'), '');
    if (newHostKey) await makeKey(this.hostKeyFile);
    await this.#listen();
  }

  /** Ends sshd and its connections at once. */
  async stop(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (!child) return;
    const connections = await connectionsOf(child);
    const exited = once(child, 'close');
    child.kill('SIGKILL');
    for (const pid of connections) kill(pid, 'SIGKILL');
    await exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  get #address(): string {
    return this.#place?.address ?? '127.0.0.1';
  }

  async #listen(): Promise<void> {
    if (userInfo().uid === 0) await mkdir('/run/sshd', { recursive: true });
    const configFile = join(this.folder, 'sshd_config');
    await writeFile(configFile, `${[...this.#config, ...this.#defaults()].join('\n')}\n`);
    // It ends with us even when the test's process is killed.
    const { sshd, environment } = await resolveSshd();
    const [program = 'setpriv', ...before] = this.#place?.enter ?? [];
    if (before.length > 0) before.push('setpriv');
    const command = [...before, '--pdeathsig', 'KILL', sshd, '-D', '-e', '-f', configFile];
    const env = { ...process.env, ...environment };
    const child = spawn(program, command, { env, stdio: ['ignore', 'ignore', 'pipe'] });
    this.#process = child;
    await new Promise<void>((resolve, reject) => {
      createInterface({ input: child.stderr }).on('line', (line) => {
        this.log.push(line);
        if (line.startsWith('Server listening')) resolve();
      });
      child.once('error', reject);
      child.once('exit', () => reject(new Error(`sshd did not start: ${this.log.join('; ')}`)));
    });
  }

  /** sshd takes the first value of each keyword: a test's own lines stand before these. */
  #defaults(): string[] {
    return [
      `ListenAddress ${this.#address}:${this.port}`,
      `HostKey ${this.hostKeyFile}`,
      `AuthorizedKeysFile ${join(this.folder, 'authorized_keys')}`,
      'StrictModes no',
      'UsePAM no',
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'PermitRootLogin prohibit-password',
      'PidFile none',
      // Keeps bash from reading ~/.bashrc for each command.
      'SetEnv SHLVL=1',
      // Post-quantum key exchange takes four times the CPU of all the rest of a login.
      'KexAlgorithms -sntrup761*',
    ];
  }

  async #signalConnections(signal: NodeJS.Signals): Promise<void> {
    if (this.#process) for (const pid of await connectionsOf(this.#process)) kill(pid, signal);
  }
}

/** Makes a key pair, over one that is there. */
export async function makeKey(file: string, { passphrase = '', type = 'ed25519' } = {}): Promise<void> {
  await rm(file, { force: true });
  const size = type === 'rsa' ? ['-b', '2048'] : [];
  await run('ssh-keygen', ['-q', '-t', type, ...size, '-a', '1', '-N', passphrase, '-C', '', '-f', file]);
  await chmod(file, 0o600);
}

/** The processes that sshd forked for its connections, and theirs. */
async function connectionsOf({ pid }: { readonly pid?: number | undefined }): Promise<number[]> {
  if (pid === undefined) return [];
  let children: string;
  try {
    children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  } catch {
    // It has ended meanwhile.
    return [];
  }
  const pids = children.split(' ').filter(Boolean).map(Number);
  const theirs = await Promise.all(pids.map((child) => connectionsOf({ pid: child })));
  return [...pids, ...theirs.flat()];
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // It has ended meanwhile.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
