import type { Agent } from '../world/internal.js';
import type { ServerLauncher } from './cluster/server/server-launcher.js';
import { AGENT_PROTOCOL } from './constants.js';
import type { EtcdSettings } from './options/embd-etcd-options.js';
import { prefixInstanceId } from './prefix/prefix-instance-id.js';

/** The record of an agent. @param launcher undefined if this host never runs a server. */
export async function agentRecord(
  { hostname, prefix, version, labels }: EtcdSettings,
  launcher: ServerLauncher | undefined,
): Promise<Agent> {
  return {
    ...{ hostname, version, protocol: AGENT_PROTOCOL, pid: process.pid },
    instance: await prefixInstanceId(prefix),
    startedAt: new Date().toISOString(),
    ...(labels === undefined ? {} : { labels }),
    ...(launcher === undefined ? {} : { address: launcher.addresses.forPeople }),
  };
}
