import { createFleet, type Fleet, type Host } from '../../../fixtures/index.js';
import { parseDestination } from '../../../tunnel/index.js';
import { SshWorld } from '../../../world/index.js';
import { waitUntil } from '../../fixtures/helpers/wait-until.js';
import { Controller } from './controller.js';
import { NAMESPACE, type Reach } from './protocol.js';
import type { Ending } from './verdict.js';

const writer = '/opt/hawser/dist/test/tunnel/lossless/programs/write-events.js';

/** Containers whose agents run etcd, with a controller that keeps them under load. */
export class FleetUnderLoad implements AsyncDisposable {
  readonly fleet: Fleet;
  readonly controller: Controller;
  readonly #ending = new AbortController();
  #reader: SshWorld | undefined;
  #written: Promise<void> = Promise.resolve();

  /** Settles when every host's etcd votes and puts flow. */
  static async start(hosts: number): Promise<FleetUnderLoad> {
    const fleet = await createFleet({ hosts, backend: 'containers' });
    try {
      await voting(fleet);
      return new FleetUnderLoad(fleet, await Controller.start(reach(fleet)));
    } catch (error) {
      await fleet.close();
      throw error;
    }
  }

  private constructor(fleet: Fleet, controller: Controller) {
    this.fleet = fleet;
    this.controller = controller;
  }

  /** Settles when events flow; they are written by one host, in its own etcd. */
  async writeEventsOn(host: Host): Promise<void> {
    this.#written = this.#writeEvents(host);
    // Who asks for the verdict learns of it.
    this.#written.catch(() => undefined);
    await this.controller.recovered();
  }

  /** To be asked for after the fault: it connects. */
  async ending(): Promise<Ending> {
    this.#reader = await openWorld(this.fleet);
    return { reader: this.#reader.client, controller: this.controller, written: this.#written };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#written.catch(() => undefined);
    await this.controller[Symbol.asyncDispose]();
    await this.#reader?.close();
    await this.fleet.close();
  }

  async #writeEvents(host: Host): Promise<void> {
    const argv = ['node', writer, host.clientUrl] as const;
    const { code, stderr } = await host.exec(argv, { signal: this.#ending.signal });
    if (code !== 0) throw new Error(`the writer of events ended with ${code}: ${stderr}`);
  }
}

function reach(fleet: Fleet): Reach {
  return {
    seeds: fleet.hosts.map(({ clientUrl }) => clientUrl),
    tunnel: {
      destinations: fleet.hosts.map(({ destination }) =>
        parseDestination(destination, { defaultUser: 'root' }),
      ),
      knownHostsFiles: [fleet.knownHostsFile],
      identityFiles: [fleet.identityFile],
    },
  };
}

function openWorld(fleet: Fleet): Promise<SshWorld> {
  const { tunnel: ssh, seeds } = reach(fleet);
  return SshWorld.open({ ssh, seeds, hostname: 'reader', namespace: NAMESPACE }, { lazy: true });
}

/** Waits until the etcd of each host is a voting member. */
async function voting(fleet: Fleet): Promise<void> {
  await using world = await openWorld(fleet);
  await waitUntil('every etcd votes', async () => {
    const members = await world.members();
    return members.filter(({ isLearner, name }) => !isLearner && name !== '').length === fleet.hosts.length;
  });
}
