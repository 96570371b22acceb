import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort } from '../../../fixtures/fleet/free-port.js';
import { settleAll } from '../../../fixtures/fleet/settle-all.js';
import { Sshd } from '../../tunnel/helpers/sshd.js';
import { Target } from '../../tunnel/helpers/target.js';
import type { EnterHostsTask } from '../programs/enter-hosts.js';

/** OpenSSH takes no more addresses than 16 to listen on, its own one included. */
const ADDRESSES_PER_SSHD = 13;

/** Many addresses of loopback with an sshd behind each. */
export class LoopbackHosts implements AsyncDisposable {
  readonly addresses: readonly string[];
  readonly listFile: string;
  readonly #port: number;
  readonly #sshds: readonly Sshd[];
  readonly #folder: string;
  readonly #target: Target;

  static async start(count: number): Promise<LoopbackHosts> {
    const port = await freePort();
    const folder = await mkdtemp(path.join(tmpdir(), 'bench-'));
    const addresses = Array.from({ length: count }, (_, index) => `127.0.1.${index + 1}`);
    const first = await Sshd.start(configFor(addresses.slice(0, ADDRESSES_PER_SSHD), port));
    const keys = [`AuthorizedKeysFile ${path.join(first.folder, 'authorized_keys')}`];
    const rest = [];
    for (let from = ADDRESSES_PER_SSHD; from < count; from += ADDRESSES_PER_SSHD) {
      const own = addresses.slice(from, from + ADDRESSES_PER_SSHD);
      rest.push(Sshd.start([...keys, ...configFor(own, port)]));
    }
    const sshds = [first, ...(await Promise.all(rest))];
    const known = await Promise.all(
      sshds.map(({ anyPortKnownHostsFile }) => readFile(anyPortKnownHostsFile)),
    );
    await writeFile(path.join(folder, 'known_hosts'), Buffer.concat(known));
    const list = addresses.map((address) => `${first.destination.user}@${address}:${port}\n`);
    await writeFile(path.join(folder, 'hosts'), list.join(''));
    return new LoopbackHosts({ addresses, port, folder, sshds, target: await Target.start() });
  }

  private constructor(made: {
    readonly addresses: readonly string[];
    readonly port: number;
    readonly folder: string;
    readonly sshds: readonly Sshd[];
    readonly target: Target;
  }) {
    this.addresses = made.addresses;
    this.#port = made.port;
    this.#folder = made.folder;
    this.#sshds = made.sshds;
    this.#target = made.target;
    this.listFile = path.join(made.folder, 'hosts');
  }

  get #first(): Sshd {
    const [first] = this.#sshds;
    if (first === undefined) throw new RangeError('there is no sshd');
    return first;
  }

  /** A private key that may log in to each. */
  get identityFile(): string {
    return this.#first.identityFile;
  }

  /** A fleet file with all of them, and their keys. */
  async fleetFile(name: string): Promise<string> {
    const { user } = this.#first.destination;
    const keys = await Promise.all(this.#sshds.map((sshd) => sshd.hostKey()));
    const hosts = this.addresses.map(
      (address, index) =>
        `  h${index + 1}:\n    ssh: ${user}@${address}:${this.#port}\n    host-key: ${keys[Math.floor(index / ADDRESSES_PER_SSHD)]}\n`,
    );
    const file = path.join(this.#folder, `${name}.yaml`);
    await writeFile(file, `name: ${name}\nhosts:\n${hosts.join('')}`, { mode: 0o600 });
    return file;
  }

  get task(): EnterHostsTask {
    const { identityFile, destination } = this.#first;
    return {
      target: this.#target.address,
      tunnels: this.addresses.map((host) => ({
        destinations: [{ ...destination, host, port: this.#port }],
        knownHostsFiles: [path.join(this.#folder, 'known_hosts')],
        identityFiles: [identityFile],
      })),
    };
  }

  get sshOptions(): string[] {
    return [
      `Port=${this.#port}`,
      `User=${this.#first.destination.user}`,
      `IdentityFile=${this.#first.identityFile}`,
      `UserKnownHostsFile=${path.join(this.#folder, 'known_hosts')}`,
      'GlobalKnownHostsFile=/dev/null',
      'IdentitiesOnly=yes',
      'IdentityAgent=none',
      'BatchMode=yes',
    ];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#target[Symbol.asyncDispose]();
    await settleAll(this.#sshds.map((sshd) => sshd[Symbol.asyncDispose]()));
    await rm(this.#folder, { recursive: true, force: true });
  }
}

function configFor(addresses: readonly string[], port: number): string[] {
  return [...addresses.map((address) => `ListenAddress ${address}:${port}`), 'MaxStartups 2000'];
}
