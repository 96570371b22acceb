import { Client, EtcdWorld } from '../../../world/index.js';
import { DelayLink } from '../tunnel/delay-link.js';
import { Stand } from '../tunnel/stand.js';
import { ours, type Way } from '../tunnel/way.js';
import { Cuttable } from './cuttable.js';
import { Meter } from './meter.js';

let namespaces = 0;

/** An etcd behind one tunnel over a link with a delay: both ways of doing something go through it. */
export class Site implements AsyncDisposable {
  readonly roundTripMs: number;
  /** What a client dials; it counts. */
  readonly meter: Meter;
  readonly #stand: Stand;
  readonly #link: DelayLink;
  readonly #cuttable: Cuttable;
  readonly #way: Way;

  static async start(roundTripMs: number): Promise<Site> {
    const stand = await Stand.start();
    const link = await DelayLink.to(stand.sshd.port, roundTripMs);
    const cuttable = await Cuttable.to(link.port);
    const way = await ours(stand, { at: cuttable });
    const meter = await Meter.before(way.url, roundTripMs);
    return new Site({ stand, link, cuttable, way, meter }, roundTripMs);
  }

  private constructor(
    parts: { stand: Stand; link: DelayLink; cuttable: Cuttable; way: Way; meter: Meter },
    roundTripMs: number,
  ) {
    this.roundTripMs = roundTripMs;
    this.meter = parts.meter;
    this.#stand = parts.stand;
    this.#link = parts.link;
    this.#cuttable = parts.cuttable;
    this.#way = parts.way;
  }

  /** A namespace that nothing was measured in yet. */
  newNamespace(): string {
    namespaces += 1;
    return `/bench${namespaces}`;
  }

  /** Around the tunnel and its delay, to prepare and to be the other side. */
  client(namespace: string): Client {
    return Client.create({ endpoints: [this.#stand.etcd.url], namespace });
  }

  /** Like {@link client}. */
  world(hostname: string, namespace: string): EtcdWorld {
    return EtcdWorld.create({ seeds: [this.#stand.etcd.url], hostname, namespace });
  }

  /** Breaks the SSH connection; it may come back at once. */
  cut(): void {
    this.#cuttable.cut();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const part of [this.meter, this.#way, this.#cuttable, this.#link, this.#stand]) {
      await part[Symbol.asyncDispose]();
    }
  }
}
