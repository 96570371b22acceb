import {
  type Agent,
  type CallOptions,
  type Client,
  type KeyValue,
  type Log,
  listAgents,
  NOMINATED_PREFIX,
  RESTING_PREFIX,
  VOLUNTEER_PREFIX,
} from '../../../world/internal.js';
import type { IdealSizeReader } from './ideal-size-reader.js';
import type { Observation } from './member-assessor.js';

/** Reads everything that the choice of members depends on. */
export async function readClusterState(
  client: Client,
  size: IdealSizeReader,
  log: Log | undefined,
  options: CallOptions,
): Promise<Observation> {
  const prefixes = [VOLUNTEER_PREFIX, NOMINATED_PREFIX, RESTING_PREFIX];
  const [{ entries }, agents, members, wanted] = await Promise.all([
    client.listTogether(prefixes, options),
    listAgents(client, log, options) as Promise<Map<string, Agent>>,
    client.cluster.members(options),
    size(options),
  ]);
  const beneath = (prefix: string): KeyValue[] =>
    entries
      .filter(({ key }) => key.startsWith(prefix))
      .map((entry) => ({ ...entry, key: entry.key.slice(prefix.length) }));
  const names = (prefix: string) => new Set(beneath(prefix).map(({ key }) => key));
  return {
    size: wanted,
    agents,
    members,
    volunteers: beneath(VOLUNTEER_PREFIX),
    nominated: new Map(
      beneath(NOMINATED_PREFIX).map(({ key, value }) => [key, value.toString().split(',')] as const),
    ),
    backingOff: names(RESTING_PREFIX),
  };
}
