import { CHOOSER_ELECTION, type Client, type Session } from '../../../world/internal.js';

/**
 * Withdraws an earlier agent of this host from the election: the key of a killed agent remains until its lease
 * expires, and etcd renews every lease when it elects a leader.
 *
 * @param session this host's current session: only one agent can have its name.
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
