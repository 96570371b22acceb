import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { BareFleet } from '../../../fixtures/fleet/bare/bare-fleet.js';
import { programFile } from '../../../fixtures/fleet/project-paths.js';
import type { Fleet } from '../../../fixtures/index.js';

/** What a person has who follows the documentation: an empty home, hawser installed, and hosts that SSH knows. */
export class Laptop implements AsyncDisposable {
  readonly home: string;
  readonly #root: string;

  private constructor(root: string) {
    this.#root = root;
    this.home = path.join(root, 'home');
  }

  static async make(): Promise<Laptop> {
    const laptop = new Laptop(await mkdtemp(path.join(tmpdir(), 'hawser-laptop-')));
    await mkdir(laptop.home, { mode: 0o700 });
    await mkdir(path.join(laptop.home, 'work'));
    // A mark can have it assume yes where a person would be asked.
    await laptop.#program(
      'hawser',
      `exec '${process.execPath}' '${programFile}' "$@" $HAWSER_EXAMPLE_ANSWER`,
    );
    // The real ones look for them in the home that the user has in passwd.
    for (const name of ['ssh', 'scp', 'sftp'])
      await laptop.#program(name, `exec /usr/bin/${name} -F "$HOME/.ssh/config" "$@"`);
    return laptop;
  }

  /** Where its commands are typed. */
  get cwd(): string {
    return path.join(this.home, 'work');
  }

  get env(): NodeJS.ProcessEnv {
    return {
      PATH: `${path.join(this.#root, 'bin')}:${process.env['PATH']}`,
      HOME: this.home,
      USER: process.env['USER'] ?? 'root',
      LANG: 'C.UTF-8',
    };
  }

  /** Makes a fleet known: its hosts by their names to SSH, also below example.org, and as the fleet `prod` to hawser. */
  async know(fleet: Fleet): Promise<void> {
    const folder = path.join(this.home, '.ssh');
    await mkdir(folder, { mode: 0o700 });
    await copyFile(fleet.sshConfigFile, path.join(folder, 'config'));
    await this.#nameHostsInFull();
    await copyFile(fleet.knownHostsFile, path.join(folder, 'known_hosts'));
    const fleets = path.join(this.home, '.config', 'hawser', 'fleets');
    await mkdir(fleets, { recursive: true, mode: 0o700 });
    const hosts = fleet.hosts.flatMap(({ name, destination, hostKey }) => [
      `  ${name}:`,
      `    ssh: ${destination}`,
      `    host-key: ${hostKey}`,
    ]);
    const seeds = fleet.hosts.filter(({ server }) => server).map(({ clientUrl }) => clientUrl);
    const lines = [
      'name: prod',
      `ssh-id: ${fleet.identityFile}`,
      `seeds: [${seeds.join(', ')}]`,
      'hosts:',
      ...hosts,
    ];
    await writeFile(path.join(fleets, 'prod.yaml'), `${lines.join('\n')}\n`, { mode: 0o600 });
  }

  /** Makes bare hosts known to SSH, by their names, also below example.org. */
  async knowBareHosts(fleet: BareFleet): Promise<void> {
    await fleet.writeLaptop(this.home);
    await this.#nameHostsInFull();
  }

  async #nameHostsInFull(): Promise<void> {
    const file = path.join(this.home, '.ssh', 'config');
    const config = await readFile(file, 'utf8');
    const named = config.replace(/^Host (?!\*)(\S+)$/gm, 'Host $1 $1.example.org');
    await writeFile(file, named, { mode: 0o600 });
  }

  async #program(name: string, script: string): Promise<void> {
    const file = path.join(this.#root, 'bin', name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, `#!/bin/sh\n${script}\n`);
    await chmod(file, 0o755);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#root, { recursive: true, force: true });
  }
}
