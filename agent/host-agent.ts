import { aborted, pause } from '../base/abort.js';
import { Backoff } from '../base/backoff.js';
import { Notify } from '../base/notify.js';
import { type ClientWorld, noteHost, noteRecipient, WorldError } from '../world/internal.js';
import { LEAVE_TIMEOUT_MS } from './cluster/leave-cluster.js';
import { FleetFile } from './cluster/start/fleet-file.js';
import { defaultUser } from './deploys/accounts/default-user.js';
import { HostApps } from './deploys/apps/host-apps.js';
import { describeFailure } from './deploys/describe-failure.js';
import { chooseProcessHost } from './deploys/processes/choose-process-host.js';
import { DEFAULT_KEEP_DEPLOYS, pruneDeployLog } from './deploys/prune-deploy-log.js';
import { isWriteRetryable, retryWhileUnavailable } from './deploys/retry-while-unavailable.js';
import { HostIdentity } from './deploys/secrets/host-identity.js';
import { EmbdEtcd } from './embd-etcd.js';
import { AgentError, type AgentErrorCode } from './errors.js';
import { describeFigures } from './metrics/describe-figures.js';
import { formatMetrics } from './metrics/metric-family.js';
import { parseMetricsAddress } from './metrics/parse-metrics-address.js';
import { serveMetrics } from './metrics/serve-metrics.js';
import { type EmbdEtcdOptions, type EtcdSettings, withDefaults } from './options/embd-etcd-options.js';
import { ProcessMark } from './processes/process-mark.js';

/** The options of {@link EmbdEtcd}; deploys go to `apps/` in the prefix. */
export interface AgentOptions extends EmbdEtcdOptions {
  /** How many of the newest deploys the fleet's log keeps while this host is elected; 0 keeps all. Default 50. */
  readonly keepDeploys?: number | undefined;
  /** The file of those who may sign deploys (ssh-keygen(1), ALLOWED SIGNERS): no other deploy is applied. Default: none is needed. */
  readonly allowedSigners?: string | undefined;
  /** Runs apps as units of systemd, which go on while the agent is away, where systemd runs the host. Default false. */
  readonly useUnits?: boolean | undefined;
  /**
   * Where Prometheus finds the figures of this host: `unix:/absolute/path`, which `socketGroup` may enter where there is
   * one, or a loopback port such as `127.0.0.1:9633`, which every local user may read. Default: nowhere.
   */
  readonly metrics?: readonly string[] | undefined;
  /** This host goes away with its agent, so it is not recorded as belonging to the fleet. Default false. */
  readonly isTemporary?: boolean | undefined;
}

/** The pauses before the host rejoins the cluster, while its apps keep running. */
const REJOIN_PAUSES = { firstMs: 1_000, maxMs: 60_000, jitter: false };

/**
 * The agent of one host: runs its apps, takes part in the elastic cluster, follows the deploy log, and decides
 * schedules while elected.
 */
export class HostAgent {
  readonly #options: AgentOptions & EtcdSettings;
  readonly #identity: HostIdentity;
  #etcd: EmbdEtcd;
  #apps: HostApps | undefined;
  #endingSince: number | undefined;

  /** @throws AgentError `invalid` for options that cannot work. */
  constructor(options: AgentOptions = {}) {
    this.#options = withDefaults(options);
    this.#identity = new HostIdentity(this.#options.prefix);
    this.#etcd = new EmbdEtcd(this.#options);
    this.#etcd.validate();
    for (const address of options.metrics ?? []) parseMetricsAddress(address);
  }

  /**
   * Runs until the signal aborts, then stops the apps, leaves the cluster, deletes its keys, and resolves. It starts
   * the apps that were healthy last immediately, and keeps them running if the host cannot take part in the
   * cluster; it then retries that.
   *
   * @throws AgentError; WorldError `conflict` if another running agent has this hostname.
   */
  async run(signal: AbortSignal): Promise<void> {
    try {
      await this.#etcd.init(signal);
    } catch (error) {
      if (signal.aborted) return;
      throw error;
    }
    try {
      const { prefix, log } = this.#options;
      const mark = await ProcessMark.of(prefix);
      const apps = new HostApps({
        ...this.#options,
        mark,
        processHost: chooseProcessHost(mark, log, this.#options.useUnits ?? false),
        defaultUser: defaultUser(prefix),
        identity: this.#identity,
        fleet: async () => (await new FleetFile(prefix).read())?.uuid,
        convergerUid: this.#etcd.converger.register('deploys'),
      });
      this.#apps = apps;
      const ended = new AbortController();
      const served = this.#serveMetrics(apps, ended.signal);
      await this.#persist(apps, apps.resume(signal), signal).finally(() => ended.abort());
      await served;
    } finally {
      await this.#apps?.stop();
      await this.#etcd.cleanup();
    }
  }

  /** Kills everything immediately: for the third Ctrl-C. */
  kill(): void {
    this.#apps?.kill();
    this.#etcd.kill();
  }

  /** How many more milliseconds a clean shutdown in progress will wait at most. */
  get endsWithinMs(): number {
    const { leavesWithinMs } = this.#etcd;
    if (leavesWithinMs > 0 || this.#endingSince === undefined) return leavesWithinMs;
    const graceMs = this.#apps?.stopGraceMs ?? 0;
    return Math.max(0, this.#endingSince + graceMs + LEAVE_TIMEOUT_MS - performance.now());
  }

  async #serveMetrics(apps: HostApps, signal: AbortSignal): Promise<void> {
    const { metrics: addresses = [], socketGroup, log } = this.#options;
    const startedAtMs = Date.now();
    const read = async (): Promise<string> => {
      const agent = await this.#etcd.figures();
      return formatMetrics(describeFigures({ agent, apps: apps.figures, startedAtMs }));
    };
    await serveMetrics({ addresses, socketGroup, read, log }, signal);
  }

  /** Takes part in the cluster until the signal aborts; while there are apps to run, it retries after each failure. */
  async #persist(apps: HostApps, resumed: Promise<void>, signal: AbortSignal): Promise<void> {
    for (const backoff = new Backoff(REJOIN_PAUSES); ; ) {
      const failure = await this.#takePart(apps, resumed, signal);
      if (failure === undefined || signal.aborted) return;
      await resumed;
      if (!apps.isRunning || isFinal(failure)) throw failure;
      const { log } = this.#options;
      const pauseMs = backoff.next();
      log('error', `${failure.message} The apps keep running; rejoining the fleet in ${pauseMs / 1_000} s.`);
      await pause(pauseMs, signal);
      if (signal.aborted) return;
      await this.#etcd.cleanup();
      this.#etcd = new EmbdEtcd({ ...this.#options, converger: this.#etcd.converger });
      await this.#etcd.init(signal);
    }
  }

  /** @returns what it failed with; undefined after a clean shutdown */
  async #takePart(apps: HostApps, resumed: Promise<void>, signal: AbortSignal): Promise<Error | undefined> {
    const failed = new AbortController();
    const leaving = new AbortController();
    const fail = (error: unknown): void =>
      failed.abort(error instanceof Error ? error : new Error(String(error)));
    const over = AbortSignal.any([signal, failed.signal]);
    const cluster = this.#etcd.run(leaving.signal).catch(fail);
    const working = resumed.then(() => this.#work(apps, over)).catch(fail);
    await Promise.race([aborted(over), cluster]);
    if (signal.aborted) this.#endingSince = performance.now();
    await working;
    // The apps stop first, so that no clients are sent here after they have gone.
    if (signal.aborted) await apps.stop();
    leaving.abort(over.reason);
    await cluster;
    return failed.signal.aborted && !signal.aborted ? failed.signal.reason : undefined;
  }

  /** This host's work in the World once it is registered. */
  async #work(apps: HostApps, signal: AbortSignal): Promise<void> {
    await Promise.race([this.#etcd.ready, aborted(signal)]);
    if (signal.aborted) return;
    const { world } = this.#etcd;
    const { keepDeploys: keep = DEFAULT_KEEP_DEPLOYS, log } = this.#options;
    const changed = new Notify();
    const pruning = { world, keep, log, isElected: () => this.#etcd.isElected, changed };
    const lasting = async (operation: () => Promise<void>): Promise<void> => {
      await retryWhileUnavailable(operation, { signal, log }).catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
    };
    await Promise.all([
      apps.follow(world, signal, () => changed.notify()),
      lasting(() => world.schedulerRun({ signal })),
      lasting(() => this.#belong(world, signal)),
      lasting(() => this.#tellRecipient(world, signal)),
      pruneDeployLog(pruning, signal),
    ]);
  }

  /** Records that this host belongs to the fleet, even while it is away. */
  async #belong(world: ClientWorld, signal: AbortSignal): Promise<void> {
    const { isTemporary, log } = this.#options;
    const { agent } = this.#etcd;
    if (isTemporary === true) return;
    if (agent !== undefined) await noteHost(world.client, agent, { signal, log });
  }

  /** Says what secrets for this host are encrypted to. Without a key it can do all but decrypt. */
  async #tellRecipient(world: ClientWorld, signal: AbortSignal): Promise<void> {
    const { hostname, log } = this.#options;
    try {
      const { recipient } = await this.#identity.get();
      await noteRecipient(world.client, hostname, recipient, { signal });
    } catch (error) {
      if (error instanceof WorldError) throw error;
      log('error', `no app with secrets can be deployed to this host: ${describeFailure(error)}`);
    }
  }
}

/** Failures that a retry may fix; for the others a person must decide something first. */
const TRANSIENT_CODES: ReadonlySet<AgentErrorCode> = new Set([
  'server-failed',
  'join-failed',
  'disk-full',
  'in-use',
]);

function isFinal(failure: Error): boolean {
  if (failure instanceof WorldError) return !isWriteRetryable(failure);
  return failure instanceof AgentError && !TRANSIENT_CODES.has(failure.code);
}
