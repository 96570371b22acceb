import type { CallOptions, Client } from '../../../world/internal.js';

/** Whether another host's server is a voter; false without a majority that answers. */
export async function hasOtherVoters(client: Client, hostname: string, call: CallOptions): Promise<boolean> {
  const members = await client.cluster.members(call).catch(() => []); // no majority
  return members.some(({ name, isLearner }) => name !== hostname && name !== '' && !isLearner);
}
