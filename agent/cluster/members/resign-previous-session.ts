import { CHOOSER_ELECTION, type Client, type Session } from '../../../world/without-ssh.js';

/**
 * Takes an earlier self of this host out of the line of those who want to be elected: an agent that was killed still
 * stands in it until its lease is over, and etcd renews every lease when it chooses a leader.
 *
 * @param session the one by which the fleet knows this host now: nobody else can have its name.
 * @throws WorldError `unavailable` and the like.
 */
export async function resignPreviousSession(
  client: Client,
  hostname: string,
  session: Session,
  signal: AbortSignal,
): Promise<void> {
  const { entries } = await client.list(`${CHOOSER_ELECTION}/`, { signal });
  const earlier = entries.filter(
    ({ value, lease }) => value.toString() === hostname && lease !== session.lease,
  );
  if (earlier.length === 0) return;
  await client.txn({ success: earlier.map(({ key }) => ({ delete: key })) }, { signal, repeatable: true });
}
