import { aborted } from '../../base/abort.js';
import { Notify } from '../../base/notify.js';
import {
  type Agent,
  type ClientWorld,
  CONVERGER_HOSTNAME_NAMESPACE,
  type FleetIdentity,
  type FollowedEndpoints,
  followEndpoints,
  type Log,
  NOMINATED_PREFIX,
} from '../../world/internal.js';
import { Presence } from '../presence.js';
import type { Converger } from '../track-convergence.js';
import { Announcements } from './announcements.js';
import type { EtcdClientFactory } from './etcd-client-factory.js';
import { LEAVE_TIMEOUT_MS, leaveCluster } from './leave-cluster.js';
import { type IdealSizeReader, idealSizeReader } from './members/ideal-size-reader.js';
import { Nominator } from './members/nominator.js';
import type { RebuildContext } from './rebuild-cluster.js';
import type { DataFolder } from './server/data-folder.js';
import type { ServerStart } from './server/etcd/etcd-arguments.js';
import type { ServerLauncher } from './server/server-launcher.js';
import { HostServer } from './server/server-lifetime.js';
import type { ClusterIdentity } from './start/ask-other-servers.js';
import type { StopIntent } from './stop-intent.js';
import { undrainCluster } from './undrain-cluster.js';

export interface ClusterParticipantOptions {
  readonly world: ClientWorld;
  readonly agent: Agent;
  readonly folder: DataFolder;
  readonly seeds: readonly string[];
  readonly connections: EtcdClientFactory;
  /** Undefined on a host that never runs a server. */
  readonly launcher: ServerLauncher | undefined;
  readonly clusterIdentity: ClusterIdentity;
  readonly stopping: StopIntent;
  /** The identity chosen for the fleet, if one was. */
  readonly wantedFleet?: FleetIdentity | undefined;
  readonly converger: Converger;
  readonly log: Log;
  /** Called when this host's server starts and stops serving clients. */
  readonly onServing: (isServing: boolean) => void;
}

/**
 * One host's part in the elastic cluster: it registers, volunteers, runs a server, and may be elected to manage the
 * cluster.
 */
export class ClusterParticipant {
  readonly server: HostServer | undefined;
  readonly presence: Presence;
  readonly announcements: Announcements;
  readonly #options: ClusterParticipantOptions;
  readonly #size: IdealSizeReader;
  readonly #wake = new Notify();
  readonly #ended = new AbortController();
  #endpoints: FollowedEndpoints | undefined;
  #local: string | undefined;
  #leavingUntil: number | undefined;
  #nominator: Nominator | undefined;

  constructor(options: ClusterParticipantOptions) {
    this.#options = options;
    const { world, agent, log } = options;
    this.#size = idealSizeReader(world, log);
    this.presence = new Presence({ client: world.client, agent, log });
    this.announcements = new Announcements(options, this.presence, () => this.isElected);
    this.server = options.launcher && this.#ownServer(options.launcher);
  }

  /** How many more milliseconds a clean shutdown in progress will wait at most. */
  get leavesWithinMs(): number {
    return Math.max(0, (this.#leavingUntil ?? performance.now()) - performance.now());
  }

  /** Whether this host is elected to manage the cluster. */
  get isElected(): boolean {
    return this.#nominator?.isElected ?? false;
  }

  /** Starts the server that this host starts with, if any, and brings a drained cluster back. */
  async start(start: ServerStart | undefined, signal: AbortSignal): Promise<void> {
    const { world, agent, folder, launcher, stopping, log } = this.#options;
    await stopping.reset();
    if (start !== undefined) {
      const what =
        start.kind === 'new' ? 'the first etcd server of a new cluster' : 'the etcd server with its data';
      log('info', `starting ${what} on ${agent.hostname}`);
      await this.server?.start(start);
      this.presence.volunteer(launcher?.addresses.advertisedServerUrls);
    }
    if (folder.isDrained) await undrainCluster(world, folder, log, signal);
  }

  /**
   * Takes part until `signal` aborts, then leaves cleanly: the others take over, the server stops, the host's keys
   * are deleted; or, where this host stays a member, only stops the server.
   *
   * @param registered called when the host is registered with the fleet.
   * @throws AgentError `server-failed`; WorldError `conflict` if another running agent has this hostname.
   */
  async run(signal: AbortSignal, registered: () => void): Promise<void> {
    const failed = new AbortController();
    const over = AbortSignal.any([signal, failed.signal]);
    const guarded = (task: Promise<void>): Promise<void> =>
      task.catch((error: unknown) => {
        if (!signal.aborted) failed.abort(error);
      });
    this.#followEndpoints();
    const publishing = this.announcements.run(over);
    using naming = this.#options.converger.register(CONVERGER_HOSTNAME_NAMESPACE);
    const known = new Notify();
    const present = guarded(
      this.presence.run(this.#ended.signal, () => {
        known.notify();
        naming.setConverged(true);
        registered();
      }),
    );
    // A server that needs no other host starts immediately: without it there may be no cluster to register with.
    if (this.server?.process === undefined) await known.wait(undefined, over);
    const working = [
      aborted(over),
      this.#watchNomination(over),
      this.server?.run(over),
      this.#nominate(over),
    ];
    await Promise.all(working.map((task) => guarded(Promise.resolve(task))));
    if (!failed.signal.aborted) await this.#leave();
    this.#ended.abort();
    await Promise.all([publishing, present]);
    await this.#endpoints?.close();
    await this.server?.stop();
    if (failed.signal.aborted && !signal.aborted) throw failed.signal.reason;
  }

  /** For making a cluster of one of this host's data, or of a snapshot. */
  get rebuildContext(): RebuildContext {
    return { ...this.#options, hostname: this.#options.agent.hostname, server: this.server };
  }

  /** Kills everything immediately: for the third Ctrl-C. */
  kill(): void {
    this.server?.kill();
  }

  #ownServer(launcher: ServerLauncher): HostServer {
    const { world, agent, folder, clusterIdentity, converger, log } = this.#options;
    return new HostServer({
      hostname: agent.hostname,
      client: world.client,
      folder,
      launcher,
      presence: this.presence,
      clusterIdentity,
      convergerUid: converger.register('etcd server'),
      size: this.#size,
      wake: this.#wake,
      onServing: (isServing) => this.#onServing(isServing),
      log,
    });
  }

  #onServing(isServing: boolean): void {
    const { launcher, onServing } = this.#options;
    const local = isServing ? this.server?.process?.clientEndpoint : undefined;
    if (local === this.#local) return;
    this.#local = local;
    this.presence.advertise(isServing ? launcher?.addresses.clientUrls : undefined);
    this.#endpoints?.refresh();
    onServing(isServing);
  }

  /** From here on, the client uses this host's own server, or the others while it has none. */
  #followEndpoints(): void {
    const { world, folder, seeds, connections, log } = this.#options;
    if (!connections.isDirect) return;
    this.#endpoints = followEndpoints(world.client, {
      signal: this.#ended.signal,
      local: () => this.#local,
      seeds,
      log,
      onChange: (advertised, earlier) => {
        if (advertised.size === 0) return;
        folder.remember(earlier).catch((error: Error) => {
          log('warn', `could not record the cluster's endpoints: ${error.message}`);
        });
      },
    });
  }

  async #watchNomination(signal: AbortSignal): Promise<void> {
    if (this.server === undefined) return;
    const { world, agent } = this.#options;
    const key = `${NOMINATED_PREFIX}${agent.hostname}`;
    for await (const _ of world.client.changes({ key }, { signal })) this.#wake.notify();
  }

  async #nominate(signal: AbortSignal): Promise<void> {
    const { launcher, world, connections, folder, converger, agent, wantedFleet, log } = this.#options;
    if (launcher === undefined || !connections.isDirect) return;
    using convergerUid = converger.register('etcd members');
    this.#nominator = new Nominator({
      client: world.client,
      connect: (urls) => connections.toFleet(urls),
      folder: folder.folder,
      hostname: agent.hostname,
      session: (abort) => this.presence.session(abort),
      failures: new Map(),
      // A new cluster is named after its first server serves: until then, by whoever is first.
      fleet: () => folder.fleet ?? wantedFleet,
      size: this.#size,
      convergerUid,
      log,
    });
    await this.#nominator.run(signal);
  }

  /** Lets the others take over before the server stops. The last server only stops, and keeps its data. */
  async #leave(): Promise<void> {
    const { world, agent, stopping, log } = this.#options;
    if (stopping.stays && this.server?.process !== undefined) {
      log('info', `stopping the etcd server of ${agent.hostname}, which stays a member of the cluster`);
      // The others give this host its session's TTL to come back, as after a crash.
      return this.presence.outlive();
    }
    this.presence.volunteer(undefined);
    this.presence.advertise(undefined);
    if (this.server?.process === undefined) return;
    this.#leavingUntil = performance.now() + LEAVE_TIMEOUT_MS;
    await leaveCluster({
      client: world.client,
      server: this.server,
      hostname: agent.hostname,
      until: this.#leavingUntil,
      nominate: (signal) => this.#nominate(signal),
      log,
    });
  }
}
