import { join } from 'node:path';
import { type BareFleet, createBareFleet } from '../../../fixtures/fleet/bare/bare-fleet.js';
import type { BareHost } from '../../../fixtures/fleet/bare/bare-host.js';
import { lastWords, runCommand } from '../../../fixtures/fleet/run-command.js';
import { DelayLink } from '../tunnel/delay-link.js';

/** etcd is there; Python is what Ansible needs on a host, hawser does not. */
const PACKAGES = ['etcd-server', 'python3'];

/** How many hosts there are, and how far away. */
export interface SceneOptions {
  readonly hosts: number;
  readonly roundTripMs: number;
}

/** Bare hosts, and a laptop that reaches their SSH servers at a distance. What the hosts say to each other is not delayed. */
export class Scene implements AsyncDisposable {
  readonly folder: string;
  /** The laptop's, whose `.ssh` knows every host by name. */
  readonly home: string;
  readonly hosts: readonly BareHost[];
  readonly #fleet: BareFleet;
  readonly #links: readonly DelayLink[];

  static async set({ hosts, roundTripMs }: SceneOptions): Promise<Scene> {
    const names = Array.from({ length: hosts }, (_, index) => `h${index + 1}`);
    const fleet = await createBareFleet({
      hosts: Object.fromEntries(names.map((name) => [name, { packages: PACKAGES }])),
    });
    const links: DelayLink[] = [];
    const home = join(fleet.folder, 'laptop');
    const ports = new Map<string, number>();
    try {
      for (const host of roundTripMs > 0 ? fleet.hosts : []) {
        const link = await DelayLink.to(host.sshPort, roundTripMs);
        links.push(link);
        ports.set(host.name, link.port);
      }
      await fleet.writeLaptop(home, ports);
      return new Scene(fleet, home, links);
    } catch (error) {
      await closeAll(links, fleet);
      throw error;
    }
  }

  private constructor(fleet: BareFleet, home: string, links: readonly DelayLink[]) {
    this.folder = fleet.folder;
    this.home = home;
    this.hosts = fleet.hosts;
    this.#fleet = fleet;
    this.#links = links;
  }

  get names(): string[] {
    return this.hosts.map(({ name }) => name);
  }

  /** What has been sent to all hosts so far; 0 without a distance. */
  async sentBytes(): Promise<number> {
    const sent = await Promise.all(this.#links.map((link) => link.sentBytes()));
    return sent.reduce((sum, one) => sum + one, 0);
  }

  /**
   * Runs a program on the laptop, which has to succeed.
   * @returns how long it took, in milliseconds
   */
  async time(argv: readonly [string, ...string[]], variables: NodeJS.ProcessEnv = {}): Promise<number> {
    const environment = { PATH: process.env['PATH'], HOME: this.home, ...variables };
    const from = performance.now();
    const result = await runCommand(argv, { environment, folder: this.home });
    const tookMs = performance.now() - from;
    if (result.code !== 0) {
      throw new Error(`${argv.join(' ')} ended with ${result.code}: ${result.stdout}\n${lastWords(result)}`);
    }
    return tookMs;
  }

  /** Runs a script as root on every host, past SSH. */
  async onEach(script: string, args: readonly string[] = [], input?: Uint8Array): Promise<void> {
    for (const host of this.hosts) {
      const options = input === undefined ? {} : { input };
      const result = await host.exec(['sh', '-ec', script, 'sh', ...args], options);
      if (result.code !== 0) throw new Error(`${host.name}: ${lastWords(result)}`);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return closeAll(this.#links, this.#fleet);
  }
}

async function closeAll(links: readonly DelayLink[], fleet: BareFleet): Promise<void> {
  await Promise.all(links.map((link) => link[Symbol.asyncDispose]()));
  await fleet.close();
}
