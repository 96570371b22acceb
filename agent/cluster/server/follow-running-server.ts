import { onAbort, pause } from '../../../base/abort.js';
import type { Notify } from '../../../base/notify.js';
import {
  type Client,
  type Log,
  type Member,
  type MemberStatus,
  NOMINATED_PREFIX,
  WorldError,
} from '../../../world/internal.js';
import { AgentError } from '../../errors.js';
import type { Presence } from '../../presence.js';
import type { IdealSizeReader } from '../members/ideal-size-reader.js';
import type { ClusterIdentity } from '../start/ask-other-servers.js';
import type { ServerLauncher } from './server-launcher.js';
import type { ServerProcess } from './server-process.js';
import { updatePeerUrls } from './update-peer-urls.js';

const POLL_MS = 100;
const READY_MS = 5000;

/** How often a learner checks whether it is still a member, in polls. */
const POLLS_PER_MEMBER_CHECK = 20;

export interface ServerFollowerOptions {
  readonly hostname: string;
  /** Connects to the fleet, wherever its servers are. */
  readonly client: Client;
  readonly size: IdealSizeReader;
  /** Knows where the other servers are to reach this one. */
  readonly launcher: Pick<ServerLauncher, 'addresses'>;
  /** The keys of this host. */
  readonly presence: Pick<Presence, 'isRegistered'>;
  /** Used while a server has no majority, to find out whether the cluster continues without it. */
  readonly clusterIdentity: ClusterIdentity;
  /** Notified when this host's nomination may have changed. */
  readonly wake: Notify;
  readonly log: Log;
}

/** Why one server process is finished. */
export type StopReason = 'ended' | 'removed' | 'drained' | 'aborted';

/** Follows one server process: until it answers, becomes a voter, and is no longer wanted. */
export class ServerFollower {
  readonly #options: ServerFollowerOptions;
  readonly #server: ServerProcess;

  constructor(options: ServerFollowerOptions, server: ServerProcess) {
    this.#options = options;
    this.#server = server;
  }

  /** Waits until the server answers as part of a cluster. */
  async answer(signal: AbortSignal): Promise<MemberStatus | StopReason> {
    const server = this.#server;
    for (let isLogged = false; ; isLogged = true) {
      try {
        return await server.ready({ signal, timeoutMs: READY_MS });
      } catch (error) {
        if (signal.aborted) return 'aborted';
        if (server.exit !== undefined) return 'ended';
        if (!(error instanceof AgentError)) throw error;
      }
      if (!isLogged) this.#options.log('info', 'waiting for the other servers: there is no majority yet');
      const asked = this.#options.client.cluster.status(server.clientEndpoint, {
        signal,
        timeoutMs: READY_MS,
      });
      const status = await asked.catch(() => undefined); // it exited, or is busy with its data
      if (status !== undefined && (await this.#options.clusterIdentity.hasRemoved(status, signal)))
        return 'removed';
      await this.#tellAddresses(signal);
    }
  }

  /** Else this server never hears of a leader that came back at another address too: neither knows where the other is. */
  async #tellAddresses(signal: AbortSignal): Promise<void> {
    const { hostname, launcher, presence } = this.#options;
    // A server without a leader does not say which member it is. Once registered, its host is the only one of its name.
    if (!presence.isRegistered) return;
    try {
      const isOwn = ({ name }: Member) => name === hostname;
      await updatePeerUrls(this.#options, isOwn, launcher.addresses.advertisedServerUrls, {
        signal,
        timeoutMs: READY_MS,
      });
    } catch (error) {
      if (!signal.aborted && !(error instanceof WorldError)) throw error; // tried again, as nobody leads here yet
    }
  }

  /** Waits until the server is a voter. */
  async becomeVoter(signal: AbortSignal): Promise<MemberStatus | StopReason> {
    for (let round = 0; ; round += 1) {
      const status = await this.answer(signal);
      if (typeof status === 'string') return status;
      if (!status.isLearner) return status;
      // etcd does not announce a promotion, and a learner that was removed may never hear of it.
      if (
        round % POLLS_PER_MEMBER_CHECK === POLLS_PER_MEMBER_CHECK - 1 &&
        !(await this.#isMember(status.memberId, signal))
      )
        return 'removed';
      await pause(POLL_MS, signal);
    }
  }

  /** Waits until the member should no longer exist, or the server has exited. */
  async untilUnwanted(memberId: string, signal: AbortSignal): Promise<StopReason> {
    const { wake } = this.#options;
    const server = this.#server;
    const over = new AbortController();
    const unlisten = onAbort([signal], () => over.abort());
    void server.exited.then(() => over.abort());
    try {
      for (;;) {
        const reason = await this.#unwantedReason(memberId, signal);
        if (server.exit !== undefined) return 'ended';
        if (reason !== undefined) return reason;
        await wake.wait(undefined, over.signal);
        if (server.exit !== undefined) return 'ended';
        if (signal.aborted) return 'aborted';
      }
    } finally {
      unlisten();
    }
  }

  /** What a withdrawn nomination means. */
  async #unwantedReason(memberId: string, signal: AbortSignal): Promise<'removed' | 'drained' | undefined> {
    const { client, hostname, size } = this.#options;
    try {
      if ((await client.get(`${NOMINATED_PREFIX}${hostname}`, { signal })) !== undefined) return undefined;
      const members = await client.cluster.members({ signal });
      if (!members.some(({ id }) => id === memberId)) return 'removed';
      return members.length === 1 && (await size({ signal })) === 0 ? 'drained' : undefined;
    } catch (error) {
      if (signal.aborted || error instanceof WorldError) return undefined; // a later notification retries it
      throw error;
    }
  }

  async #isMember(memberId: string, signal: AbortSignal): Promise<boolean> {
    return (await this.#options.client.cluster.members({ signal })).some(({ id }) => id === memberId);
  }
}
