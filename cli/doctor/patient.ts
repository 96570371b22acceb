import { fingerprintOf } from '../../base/key-formats/parse-public-key.js';
import type { Log } from '../../base/log.js';
import { TunnelError } from '../../tunnel/errors.js';
import { readHostKeyTrust } from '../../tunnel/host-key/read-host-key-trust.js';
import { Tunnel } from '../../tunnel/tunnel.js';
import type { TunnelOptions } from '../../tunnel/tunnel-options.js';
import type { ClientWorld } from '../../world/client-world.js';
import { SshWorld } from '../../world/ssh-world.js';
import type { FleetTarget } from '../fleet/merge-target.js';
import { openWorld } from '../fleet/open-world.js';
import type { SudoPasswords } from '../setup/host/sudo-passwords.js';
import { type DialledServer, dialServer } from './facts/dial-server.js';
import type { EtcdFact } from './facts/etcd-fact.js';
import type { HostFact } from './facts/host-fact.js';
import { readKeyFacts } from './facts/key-facts.js';
import type { KnownKey, LoginFact } from './facts/login-fact.js';
import { readEtcdFact } from './facts/read-etcd-fact.js';
import { readHostFact } from './facts/read-host-fact.js';
import { tryWay } from './facts/try-way.js';
import type { WayFact } from './facts/way-fact.js';
import type { Subject } from './subject.js';

/** How a host is examined. */
export interface Examining {
  readonly tunnel: TunnelOptions;
  /** Of the whole fleet, to ask the others about a host that runs no etcd. */
  readonly target: FleetTarget;
  readonly passwords: SudoPasswords;
  /** The agents' data directory. */
  readonly prefix: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** A host under examination: gathers each fact when it is asked for, once. */
export class Patient implements AsyncDisposable {
  readonly subject: Subject;
  readonly #how: Examining;
  readonly #facts = new Map<string, Promise<unknown>>();
  #tunnel: Tunnel | undefined;

  constructor(subject: Subject, how: Examining) {
    this.subject = subject;
    this.#how = how;
  }

  /** Name, TCP and banner of the server that is dialled first: the host's own, or that of the first jump host. */
  server(): Promise<DialledServer> {
    return this.#once('server', async () => {
      const { destination } = this.subject;
      const [first = destination] = destination.jumps;
      if (first.proxyCommand !== undefined) return { address: undefined, addresses: [], words: '' };
      return dialServer(first, this.#how);
    });
  }

  /** Connects and logs in. */
  login(): Promise<LoginFact> {
    return this.#once('login', async () => {
      const { destination } = this.subject;
      const { tunnel, signal } = this.#how;
      const keys = await readKeyFacts(destination, signal);
      let error: TunnelError | undefined;
      try {
        this.#tunnel = await Tunnel.open(tunnel, { signal });
      } catch (reason) {
        if (!(reason instanceof TunnelError)) throw reason;
        error = reason;
      }
      const known = error === undefined ? await this.#knownKeys() : [];
      return { ...keys, error, known, atMs: Date.now() };
    });
  }

  /** What the host says of itself. */
  host(): Promise<HostFact> {
    return this.#once('host', () => readHostFact(this.#open(), this.subject, this.#how));
  }

  /** Whether SSH leads to etcd there. */
  way(): Promise<WayFact> {
    return this.#once('way', async () => {
      const { facts, look } = await this.host();
      const runsNone = facts?.agent.record !== undefined && !facts.agent.servesEtcd;
      const isDead = look?.socket === 'socket' && !look.isListening;
      if (look?.socket === 'missing' || (runsNone && isDead)) return { seed: undefined };
      return tryWay(this.#open(), this.subject, this.#how);
    });
  }

  /** What etcd says, on the host or, where none runs there, through the others. */
  etcd(): Promise<EtcdFact> {
    return this.#once('etcd', async () => {
      const none: EtcdFact = { through: undefined, members: [], alarms: [] };
      const { seed } = await this.way();
      const { facts } = await this.host();
      const { isFleetHost, name } = this.subject;
      if (seed === undefined && !isFleetHost) return none;
      const hostname = isFleetHost ? name : facts?.agent.record?.hostname;
      const through = seed === undefined ? 'others' : 'host';
      try {
        await using world = await this.#world(seed, undefined);
        const openRoot = (): Promise<ClientWorld> => this.#world(seed, '');
        const fact = await readEtcdFact(world, { hostname, openRoot, ...this.#how });
        return { ...fact, through };
      } catch (error) {
        this.#how.signal.throwIfAborted();
        return { ...none, through, error: error instanceof Error ? error : new Error(String(error)) };
      }
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tunnel?.close();
  }

  #world(seed: string | undefined, namespace: string | undefined): Promise<ClientWorld> {
    const { target, signal } = this.#how;
    // Everything is said by the findings.
    const log = (): void => undefined;
    const root = namespace === undefined ? {} : { namespace, fleetId: undefined };
    if (seed === undefined) return openWorld({ ...target, ...root }, log, signal);
    const { tls, namespace: usual, hostname, fleetId } = { ...target, ...root };
    const options = { tls, namespace: usual, hostname, fleet: fleetId, log };
    return SshWorld.open({ ...options, seeds: [seed], tunnel: this.#open() }, { signal, lazy: true });
  }

  #open(): Tunnel {
    if (this.#tunnel === undefined) throw new TypeError('a host is entered before it is looked at');
    return this.#tunnel;
  }

  async #knownKeys(): Promise<KnownKey[]> {
    const { destination, pinnedAt } = this.subject;
    const { known, pins = [] } = await readHostKeyTrust(destination, this.#how);
    const pinned = pins.map((pin) => ({
      type: pin.kind === 'key' ? pin.type : '',
      fingerprint: pin.kind === 'key' ? fingerprintOf(pin.key) : pin.fingerprint,
      place: pinnedAt ?? '--ssh-hostkey',
    }));
    if (pinned.length > 0) return pinned;
    const lines = known.keys.length > 0 ? known.keys : known.keysWithoutPort;
    return lines.map(({ type, key, file, line }) => ({
      type,
      fingerprint: fingerprintOf(key),
      place: `${file}:${line}`,
    }));
  }

  #once<T>(name: string, gather: () => Promise<T>): Promise<T> {
    const found = (this.#facts.get(name) as Promise<T> | undefined) ?? gather();
    this.#facts.set(name, found);
    return found;
  }
}
