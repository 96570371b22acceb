import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { programFile } from '../../../fixtures/fleet/project-paths.js';
import { type CommandResult, lastWords, runCommand } from '../../../fixtures/fleet/run-command.js';
import { knownHosts, type SshHost, sshConfig } from '../../../fixtures/fleet/ssh/ssh-files.js';
import { createFleet, type Fleet } from '../../../fixtures/index.js';
import { agentsRegistered } from '../../cli/helpers/hawser.js';
import { DelayLink } from '../tunnel/delay-link.js';

/** How many of the hosts serve etcd. */
const CLUSTER_SIZE = 3;

/** How many hosts there are, and how far away. */
export interface SceneOptions {
  readonly hosts: number;
  readonly roundTripMs: number;
}

/** Hosts with agents, and a laptop that reaches their SSH servers at a distance. What the hosts say to each other is not delayed. */
export class DeployScene implements AsyncDisposable {
  /** The laptop's home, and where its apps are. */
  readonly home: string;
  readonly #fleet: Fleet;
  readonly #links: readonly DelayLink[];
  readonly #hosts: readonly SshHost[];
  /** Where rsync has put something. */
  #targets = 0;

  static async set({ hosts, roundTripMs }: SceneOptions): Promise<DeployScene> {
    const fleet = await createFleet({ hosts, members: CLUSTER_SIZE, backend: 'processes' });
    const links: DelayLink[] = [];
    try {
      const reached: SshHost[] = [];
      for (const { name, user, hostKey, sshHost, sshPort } of fleet.hosts) {
        const link = roundTripMs > 0 ? await DelayLink.to(sshPort, roundTripMs) : undefined;
        if (link !== undefined) links.push(link);
        reached.push({ name, user, hostKey, sshHost, sshPort: link?.port ?? sshPort });
      }
      await agentsRegistered(fleet);
      const scene = new DeployScene(fleet, links, reached);
      await scene.#writeLaptop();
      return scene;
    } catch (error) {
      await closeAll(links, fleet);
      throw error;
    }
  }

  private constructor(fleet: Fleet, links: readonly DelayLink[], hosts: readonly SshHost[]) {
    this.home = path.join(fleet.folder, 'laptop');
    this.#fleet = fleet;
    this.#links = links;
    this.#hosts = hosts;
  }

  async #writeLaptop(): Promise<void> {
    await mkdir(this.home, { recursive: true });
    await writeFile(this.#knownHosts, knownHosts(this.#hosts), { mode: 0o600 });
    const config = sshConfig(this.#hosts, this.#fleet.identityFile, this.#knownHosts);
    await writeFile(this.#sshConfig, config, { mode: 0o600 });
  }

  get #knownHosts(): string {
    return path.join(this.home, 'known_hosts');
  }

  get #sshConfig(): string {
    return path.join(this.home, 'ssh_config');
  }

  /** What has been sent to all hosts so far; 0 without a distance. */
  async sentBytes(): Promise<number> {
    const sent = await Promise.all(this.#links.map((link) => link.sentBytes()));
    return sent.reduce((sum, one) => sum + one, 0);
  }

  /** Runs hawser on the laptop, which has to succeed. @returns how long it took, in milliseconds */
  async hawser(...args: readonly string[]): Promise<number> {
    const flags = [
      ...this.#hosts.flatMap((host) => ['--ssh-url', `${host.user}@${host.sshHost}:${host.sshPort}`]),
      ...[
        '--ssh-known-hosts',
        this.#knownHosts,
        '--ssh-id',
        this.#fleet.identityFile,
        '--ssh-config',
        'none',
      ],
      ...this.#fleet.hosts.filter(({ server }) => server).flatMap((host) => ['--seeds', host.clientUrl]),
    ];
    return this.#time([[process.execPath, programFile, ...args, ...flags]]);
  }

  /** Where rsync is to put a directory: a new place on each host. */
  newTarget(): string {
    this.#targets += 1;
    return path.join('rsync', String(this.#targets));
  }

  /** Sends a directory to all hosts at once by rsync. @returns how long it took, in milliseconds */
  async rsync(folder: string, target: string): Promise<number> {
    for (const { name } of this.#hosts)
      await mkdir(this.#on(name, path.dirname(target)), { recursive: true });
    const ssh = `ssh -F ${this.#sshConfig}`;
    const of = (name: string) => `${name}:${this.#on(name, target)}/`;
    return this.#time(
      this.#hosts.map(({ name }) => ['rsync', '-az', '--delete', '-e', ssh, `${folder}/`, of(name)] as const),
    );
  }

  /** The hosts are directories of this machine. */
  #on(name: string, place: string): string {
    return path.join(this.#fleet.folder, 'hosts', name, place);
  }

  async #time(commands: readonly (readonly [string, ...string[]])[]): Promise<number> {
    const environment = { PATH: process.env['PATH'], HOME: this.home };
    const from = performance.now();
    const results = await Promise.all(
      commands.map((argv) => runCommand(argv, { environment, folder: this.home })),
    );
    const tookMs = performance.now() - from;
    for (const [index, result] of results.entries()) check(commands[index] ?? [], result);
    return tookMs;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return closeAll(this.#links, this.#fleet);
  }
}

function check(argv: readonly string[], result: CommandResult): void {
  if (result.code === 0) return;
  throw new Error(`${argv.join(' ')} ended with ${result.code}: ${result.stdout}\n${lastWords(result)}`);
}

async function closeAll(links: readonly DelayLink[], fleet: Fleet): Promise<void> {
  await Promise.all(links.map((link) => link[Symbol.asyncDispose]()));
  await fleet.close();
}
