import { ControlClient } from '../../agent/control/control-client.js';
import { CONTROL_SOCKET } from '../../agent/control/short-socket-path.js';
import { Questions } from '../../tunnel/question-queue.js';
import { Tunnel } from '../../tunnel/tunnel.js';
import type { TunnelOptions } from '../../tunnel/tunnel-options.js';
import type { HostReport } from '../recover/plan-recovery.js';
import { connectBySudo } from './connect-by-sudo.js';

/** A host that SSH is connected to. */
export interface ReachedHost extends AsyncDisposable {
  readonly host: string;
  readonly tunnel: Tunnel;
  /** The agent behind the control socket, if any. */
  readonly agent: ControlClient;
  /** The same as root, for a user who may not open the socket. */
  readonly asRoot: ControlClient;
  /** Why the last connection to the control socket failed. */
  readonly refusal: () => string | undefined;
}

/** Where the agents are, and how long to wait for them. */
export interface ReachOptions {
  /** The agents' prefix on the hosts. */
  readonly prefix: string;
  /** How long one answer may take. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** One host and how to connect to it. */
export interface HostToReach {
  readonly host: string;
  readonly tunnel: TunnelOptions;
}

/** All hosts that SSH is connected to, and reports on all that were named. */
export class ReachedHosts implements AsyncDisposable {
  readonly #hosts: readonly HostToReach[];
  readonly #reached: Map<string, ReachedHost>;
  readonly #failures: ReadonlyMap<string, string>;

  /** Connects to all hosts at once; questions are asked one after the other. A host that cannot be reached is no error. */
  static async open(hosts: readonly HostToReach[], reaching: ReachOptions): Promise<ReachedHosts> {
    const reached = new Map<string, ReachedHost>();
    const failures = new Map<string, string>();
    const ask = hosts.find(({ tunnel }) => tunnel.ask !== undefined)?.tunnel.ask;
    const questions = typeof ask === 'function' ? new Questions(ask) : ask;
    await Promise.all(
      hosts.map(async ({ host, tunnel }) => {
        try {
          reached.set(host, await openHost(host, { ...tunnel, ask: questions }, reaching));
        } catch (error) {
          failures.set(host, error instanceof Error ? error.message : String(error));
        }
      }),
    );
    const all = new ReachedHosts(hosts, reached, failures);
    if (reaching.signal.aborted) {
      await all[Symbol.asyncDispose]();
      reaching.signal.throwIfAborted();
    }
    return all;
  }

  private constructor(
    hosts: readonly HostToReach[],
    reached: Map<string, ReachedHost>,
    failures: ReadonlyMap<string, string>,
  ) {
    this.#hosts = hosts;
    this.#reached = reached;
    this.#failures = failures;
  }

  /** @throws RangeError for one that was not reached */
  host(host: string): ReachedHost {
    const reached = this.#reached.get(host);
    if (reached === undefined) throw new RangeError(`${host} was not reached`);
    return reached;
  }

  /** Asks the agent of every host, all at once, in the order in which the hosts were named. */
  report({ timeoutMs, signal }: ReachOptions): Promise<HostReport[]> {
    return Promise.all(
      this.#hosts.map(async ({ host }): Promise<HostReport> => {
        const reached = this.#reached.get(host);
        if (reached === undefined) return withoutAgent(host, 'out-of-reach', this.#failures.get(host) ?? '');
        try {
          return { host, agent: await reached.agent.state({ timeoutMs, signal }) };
        } catch (error) {
          signal.throwIfAborted();
          const why = reached.refusal() ?? (error as Error).message;
          return await this.#reportAsRoot(reached, why, { timeoutMs, signal });
        }
      }),
    );
  }

  /** From here on the agent is asked as root, if sudo allows it. */
  async #reportAsRoot(
    reached: ReachedHost,
    why: string,
    call: { readonly timeoutMs: number; readonly signal: AbortSignal },
  ): Promise<HostReport> {
    const { host, asRoot } = reached;
    try {
      const agent = await asRoot.state(call);
      this.#reached.set(host, { ...reached, agent: asRoot });
      return { host, agent };
    } catch (error) {
      call.signal.throwIfAborted();
      return withoutAgent(host, 'no-agent', `${why} With sudo: ${(error as Error).message}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#reached.values()].map((one) => one[Symbol.asyncDispose]()));
  }
}

async function openHost(
  host: string,
  options: TunnelOptions,
  { prefix, signal }: ReachOptions,
): Promise<ReachedHost> {
  const tunnel = await Tunnel.open(options, { signal });
  try {
    const socketPath = `${prefix}/${CONTROL_SOCKET}`;
    const forward = await tunnel.forward({ socketPath }, { signal });
    return {
      host,
      tunnel,
      agent: new ControlClient(forward.address.replace(/^unix:\/\//, '')),
      asRoot: new ControlClient((over) => connectBySudo(tunnel, socketPath, over)),
      refusal: () => forward.lastRefusal?.message,
      [Symbol.asyncDispose]: () => tunnel.close(),
    };
  } catch (error) {
    await tunnel.close();
    throw error;
  }
}

function withoutAgent(host: string, kind: 'out-of-reach' | 'no-agent', message: string): HostReport {
  return { host, agent: undefined, trouble: { kind, message } };
}
