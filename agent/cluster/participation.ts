import { Notify } from '../../base/notify.js';
import {
  type Agent,
  type Client,
  type ClientWorld,
  CONVERGER_HOSTNAME_NAMESPACE,
  type FollowedEndpoints,
  followEndpoints,
  type Log,
} from '../../world/without-ssh.js';
import type { Converger } from '../converger.js';
import { Presence } from '../presence.js';
import { ENDPOINTS_PREFIX, NOMINATED_PREFIX, VOLUNTEER_PREFIX } from './keys.js';
import { leaveCluster, leaveTimeoutMs } from './leave.js';
import { Nominator } from './members/nominator.js';
import { wantedSize } from './members/wanted-size.js';
import type { DataFolder } from './server/data-folder.js';
import { spaceFor } from './server/disk.js';
import type { ServerStart } from './server/etcd/flags.js';
import { OwnServer } from './server/own-server.js';
import type { OwnServerOptions } from './server/own-server-options.js';
import type { ServerProcess } from './server/server-process.js';

export interface ParticipationOptions {
  readonly world: ClientWorld;
  readonly agent: Agent;
  readonly folder: DataFolder;
  readonly seeds: readonly string[];
  /** Absent on a host that never runs a server. */
  readonly server:
    | {
        readonly advertisedClientUrls: readonly string[];
        readonly advertisedServerUrls: readonly string[];
        readonly spawn: (start: ServerStart) => Promise<ServerProcess>;
        readonly isRemovedElsewhere: OwnServerOptions['isRemovedElsewhere'];
      }
    | undefined;
  /** False where the other servers cannot be reached directly: through SSH. */
  readonly isDirect: boolean;
  readonly connect: (endpoints: readonly string[]) => Client;
  readonly converger: Converger;
  readonly log: Log;
  /** Told when this host's server begins and stops to serve. */
  readonly serving: (isServing: boolean) => void;
}

/** One host's part in the elastic cluster: it is known to the others, volunteers, runs a server, may be elected. */
export class Participation {
  readonly own: OwnServer | undefined;
  readonly presence: Presence;
  readonly #options: ParticipationOptions;
  readonly #size: ReturnType<typeof wantedSize>;
  readonly #wake = new Notify();
  readonly #ended = new AbortController();
  #endpoints: FollowedEndpoints | undefined;
  #local: string | undefined;
  #leavingUntil: number | undefined;
  #nominator: Nominator | undefined;

  constructor(options: ParticipationOptions) {
    this.#options = options;
    const { world, agent, log } = options;
    this.#size = wantedSize(world, log);
    this.presence = new Presence({ client: world.client, agent, log });
    this.own = options.server === undefined ? undefined : this.#ownServer(options.server);
  }

  /** How many milliseconds an orderly end that is under way will still wait at most. */
  get leavesWithinMs(): number {
    return Math.max(0, (this.#leavingUntil ?? performance.now()) - performance.now());
  }

  /** Whether this host is the one that looks after the cluster now. */
  get isElected(): boolean {
    return this.#nominator?.isElected ?? false;
  }

  /** This host is willing to run a server from now on, or not any more. */
  willing(isWilling: boolean): void {
    const { server, agent } = this.#options;
    const urls = server?.advertisedServerUrls.join(',');
    this.presence.set(`${VOLUNTEER_PREFIX}${agent.hostname}`, isWilling ? urls : undefined);
  }

  /**
   * Takes part until `signal` aborts, then leaves in order: the others take over, the server stops, the host's entries
   * go.
   *
   * @param registered called when the host is known to the fleet.
   * @throws AgentError `server-failed`; WorldError `conflict` when another live agent has this hostname.
   */
  async run(signal: AbortSignal, registered: () => void): Promise<void> {
    const failed = new AbortController();
    const over = AbortSignal.any([signal, failed.signal]);
    const guarded = (task: Promise<void>): Promise<void> =>
      task.catch((error: unknown) => {
        if (!signal.aborted) failed.abort(error);
      });
    this.#followEndpoints();
    using naming = this.#options.converger.register(CONVERGER_HOSTNAME_NAMESPACE);
    const known = new Notify();
    const present = guarded(
      this.presence.run(this.#ended.signal, () => {
        known.notify();
        naming.setConverged(true);
        registered();
      }),
    );
    // A server that needs nobody starts at once: without it there may be no cluster to be known to.
    if (this.own?.process === undefined) await known.wait(undefined, over);
    const working = [ended(over), this.#watchNomination(over), this.own?.run(over), this.#nominate(over)];
    await Promise.all(working.map((task) => guarded(Promise.resolve(task))));
    if (!failed.signal.aborted) await this.#leave();
    this.#ended.abort();
    await present;
    await this.#endpoints?.close();
    await this.own?.stop();
    if (failed.signal.aborted && !signal.aborted) throw failed.signal.reason;
  }

  /** Ends everything at once: for the third ^C. */
  kill(): void {
    this.own?.kill();
  }

  #ownServer(server: NonNullable<ParticipationOptions['server']>): OwnServer {
    const { world, agent, folder, converger, log } = this.#options;
    const convergerUid = converger.register('etcd server');
    return new OwnServer({
      hostname: agent.hostname,
      folder,
      log,
      client: world.client,
      wake: this.#wake,
      advertisedServerUrls: server.advertisedServerUrls,
      spawn: server.spawn,
      isRemovedElsewhere: server.isRemovedElsewhere,
      size: (signal) => this.#size({ signal }),
      space: (signal) => spaceFor(folder.folder, signal),
      willing: (isWilling) => this.willing(isWilling),
      serving: (isServing) => this.#serving(isServing),
      convergerUid,
    });
  }

  #serving(isServing: boolean): void {
    const { server, agent, serving } = this.#options;
    const local = isServing ? this.own?.process?.clientEndpoint : undefined;
    if (local === this.#local) return;
    this.#local = local;
    const urls = server?.advertisedClientUrls.join(',');
    this.presence.set(`${ENDPOINTS_PREFIX}${agent.hostname}`, isServing ? urls : undefined);
    this.#endpoints?.refresh();
    serving(isServing);
  }

  /** From here on the host's own server is its way to the cluster, and the others when it has none. */
  #followEndpoints(): void {
    const { world, folder, seeds, isDirect, log } = this.#options;
    if (!isDirect) return;
    this.#endpoints = followEndpoints(world.client, {
      signal: this.#ended.signal,
      local: () => this.#local,
      seeds,
      log,
      onChange: (advertised, earlier) => {
        if (advertised.size === 0) return;
        folder.remember(earlier).catch((error: Error) => {
          log('warn', `could not note where the cluster is: ${error.message}`);
        });
      },
    });
  }

  async #watchNomination(signal: AbortSignal): Promise<void> {
    if (this.own === undefined) return;
    const { world, agent } = this.#options;
    const key = `${NOMINATED_PREFIX}${agent.hostname}`;
    for await (const _ of world.client.changes({ key }, { signal })) this.#wake.notify();
  }

  async #nominate(signal: AbortSignal): Promise<void> {
    const { server, isDirect, world, connect, folder, converger, agent, log } = this.#options;
    if (server === undefined || !isDirect) return;
    const convergerUid = converger.register('etcd members');
    this.#nominator = new Nominator({
      client: world.client,
      connect,
      folder: folder.folder,
      hostname: agent.hostname,
      session: (abort) => this.presence.session(abort),
      failures: new Map(),
      fleet: () => folder.fleet,
      size: (abort) => this.#size({ signal: abort }),
      convergerUid,
      log,
    });
    await this.#nominator.run(signal);
  }

  /** Lets the others take over before the server stops. The last server only stops, and keeps its data. */
  async #leave(): Promise<void> {
    const { world, agent, log } = this.#options;
    this.willing(false);
    this.presence.set(`${ENDPOINTS_PREFIX}${agent.hostname}`, undefined);
    if (this.own?.process === undefined) return;
    this.#leavingUntil = performance.now() + leaveTimeoutMs;
    await leaveCluster({
      client: world.client,
      own: this.own,
      hostname: agent.hostname,
      until: this.#leavingUntil,
      nominate: (signal) => this.#nominate(signal),
      log,
    });
  }
}

async function ended(signal: AbortSignal): Promise<void> {
  await new Notify().wait(undefined, signal);
}
