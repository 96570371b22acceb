import { pause } from '../../../base/abort.js';
import {
  type Client,
  describeFleet,
  type FleetIdentity,
  getFleet,
  type MemberStatus,
  WorldError,
} from '../../../world/internal.js';
import { AgentError } from '../../errors.js';

const ASK_MS = 3000;
const RETRY_MS = 2000;

/** Asks other servers about the cluster that this host's server belongs to, bypassing that server. */
export class ClusterIdentity {
  readonly #connect: (endpoints: readonly string[]) => Client;
  /** The endpoints of other hosts. */
  readonly #endpoints: readonly string[];

  constructor(connect: (endpoints: readonly string[]) => Client, endpoints: readonly string[]) {
    this.#connect = connect;
    this.#endpoints = endpoints;
  }

  /** Whether the cluster has removed the member; false if no server that knows answers. */
  async hasRemoved(own: MemberStatus, signal: AbortSignal): Promise<boolean> {
    const asked = this.#endpoints.map(async (endpoint) => {
      await using client = this.#connect([endpoint]);
      const other = await client.cluster.status(endpoint, { signal, timeoutMs: ASK_MS });
      if (other.clusterId !== own.clusterId || other.memberId === own.memberId) return false;
      // A read with a quorum first: a lagging member may list the members as they were before this one joined.
      await client.get('hawser/members', { signal, timeoutMs: ASK_MS });
      const members = await client.cluster.members({ signal, timeoutMs: ASK_MS });
      return !members.some(({ id }) => id === own.memberId);
    });
    const answers = await Promise.allSettled(asked);
    signal.throwIfAborted();
    return answers.some((answer) => answer.status === 'fulfilled' && answer.value);
  }

  /** Undefined if no server with a quorum answers, or it has no identity. */
  async #fleetAt(endpoint: string, signal: AbortSignal): Promise<FleetIdentity | undefined> {
    await using client = this.#connect([endpoint]);
    try {
      return await getFleet(client, { signal, timeoutMs: ASK_MS });
    } catch (error) {
      if (signal.aborted || error instanceof WorldError) return undefined;
      throw error;
    }
  }

  /**
   * Compares this host's cluster with that of the seeds, as soon as both answer. Also compares their fleets, because
   * what a recovery left behind has the same cluster id.
   *
   * @throws AgentError `other-cluster` if they differ.
   */
  async compare(localEndpoint: string, seeds: readonly string[], signal: AbortSignal): Promise<void> {
    if (seeds.length === 0) return;
    await using client = this.#connect([localEndpoint]);
    while (!signal.aborted) {
      const [own, ...others] = await Promise.all(
        [localEndpoint, ...seeds].map((endpoint) => statusAt(client, endpoint, signal)),
      );
      const answered = others.filter((other) => other !== undefined);
      const other = answered.find(({ clusterId }) => clusterId !== own?.clusterId);
      if (own !== undefined && other !== undefined) throw otherCluster(own, other, seeds);
      if (own !== undefined && answered.length > 0) {
        const [ours, ...theirs] = await Promise.all(
          [localEndpoint, ...seeds].map((url) => this.#fleetAt(url, signal)),
        );
        const recovered = theirs.find((fleet) => ours && fleet && fleet.generation > ours.generation);
        if (ours !== undefined && recovered !== undefined) throw leftBehind(ours, recovered, seeds);
        return;
      }
      await pause(RETRY_MS, signal);
    }
  }
}

async function statusAt(
  client: Client,
  endpoint: string,
  signal: AbortSignal,
): Promise<MemberStatus | undefined> {
  try {
    return await client.cluster.status(endpoint, { signal, timeoutMs: ASK_MS });
  } catch (error) {
    if (signal.aborted || error instanceof WorldError) return undefined;
    throw error;
  }
}

function otherCluster(own: MemberStatus, other: MemberStatus, seeds: readonly string[]): AgentError {
  const hex = ({ clusterId }: MemberStatus) => BigInt(clusterId).toString(16);
  return new AgentError(
    'other-cluster',
    `The data of this host belongs to the cluster ${hex(own)}, but the seeds ${seeds.join(', ')} to the cluster ` +
      `${hex(other)}. Pass seeds of its own cluster, or move its directory etcd/data away to let it join the other one.`,
  );
}

function leftBehind(ours: FleetIdentity, theirs: FleetIdentity, seeds: readonly string[]): AgentError {
  return new AgentError(
    'other-cluster',
    `The data of this host was left behind by a recovery: it belongs to ${describeFleet(ours)} and has a majority, but the ` +
      `seeds ${seeds.join(', ')} belong to ${describeFleet(theirs)}. Move its directory etcd/data away to let it join them.`,
  );
}
