import { chmod, copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { formatDestination } from '../../../tunnel/index.js';
import { Sshd } from '../../tunnel/helpers/sshd.js';

const SFTP = 'Subsystem sftp internal-sftp';

/** A fleet that is nothing but sshds on loopback, and the home of a person who knows it: its hosts are web1, web2, … */
export class SshdFleet implements AsyncDisposable {
  readonly home: string;
  readonly sshds: readonly Sshd[];

  static async start(hosts: number): Promise<SshdFleet> {
    const home = await mkdtemp(path.join(tmpdir(), 'hawser-fleet-'));
    const first = await Sshd.start([SFTP]);
    const shared = [SFTP, `AuthorizedKeysFile ${path.join(first.folder, 'authorized_keys')}`];
    const others = Array.from({ length: hosts - 1 }, () => Sshd.start(shared));
    const fleet = new SshdFleet(home, [first, ...(await Promise.all(others))]);
    await fleet.#writeFiles();
    return fleet;
  }

  private constructor(home: string, sshds: readonly Sshd[]) {
    this.home = home;
    this.sshds = sshds;
  }

  get identityFile(): string {
    return path.join(this.home, 'id');
  }

  /** How each command that logs in to its hosts is called. */
  get flags(): string[] {
    return ['--ssh-id', this.identityFile, '--ssh-config', 'none'];
  }

  /** The server of a host, from 1. */
  sshd(number: number): Sshd {
    const sshd = this.sshds[number - 1];
    if (sshd === undefined) throw new RangeError(`there is no web${number}`);
    return sshd;
  }

  async #writeFiles(): Promise<void> {
    const lines = ['name: lab', 'hosts:'];
    for (const [index, sshd] of this.sshds.entries()) {
      lines.push(`  web${index + 1}:`, `    ssh: ${formatDestination(sshd.destination)}`);
      lines.push(
        `    host-key: ${await sshd.hostKey()}`,
        `    labels: {zone: ${index % 2 === 0 ? 'a' : 'b'}}`,
      );
    }
    const folder = path.join(this.home, '.config', 'hawser', 'fleets');
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFile(path.join(folder, 'lab.yaml'), `${lines.join('\n')}\n`, { mode: 0o600 });
    await copyFile(this.sshd(1).identityFile, this.identityFile);
    await chmod(this.identityFile, 0o600);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const sshd of this.sshds) await sshd[Symbol.asyncDispose]();
    await rm(this.home, { recursive: true, force: true });
  }
}
