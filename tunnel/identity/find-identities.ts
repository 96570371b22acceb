import { keyType } from '../../base/key-formats/parse-public-key.js';
import type { Log } from '../../base/log.js';
import type { Questions } from '../question-queue.js';
import { listAgentIdentities } from '../ssh-agent/agent-protocol.js';
import type { ResolvedDestination } from '../ssh-config/resolved-destination.js';
import { isUsableBySsh2 } from '../transport/ssh2/login/sign-in-agent.js';
import { orderIdentities } from './order-identities.js';
import { type AgentKey, type Identity, readIdentityFiles } from './read-identity-files.js';

/**
 * All identities to offer a host, in order.
 * @throws TunnelError `bad-identity` for a required file that cannot be used
 */
export async function findIdentities(
  destination: ResolvedDestination,
  {
    questions,
    signal,
    log,
  }: {
    readonly questions?: Questions | undefined;
    readonly signal: AbortSignal;
    readonly log?: Log | undefined;
  },
): Promise<Identity[]> {
  const [files, agentKeys] = await Promise.all([
    readIdentityFiles(destination, { signal, log }),
    keysOfAgent(destination, { signal, log }),
  ]);
  const canAsk = questions !== undefined && !destination.batchMode;
  return orderIdentities(files, agentKeys, { destination, canAsk, log });
}

async function keysOfAgent(
  { agentSocket }: ResolvedDestination,
  { signal, log }: { readonly signal: AbortSignal; readonly log?: Log | undefined },
): Promise<AgentKey[]> {
  if (agentSocket === undefined) return [];
  try {
    const keys = await listAgentIdentities(agentSocket, { signal });
    // No host accepts DSA keys: offering one only uses up an attempt, so OpenSSH does not either.
    return keys.filter((key) => isUsableBySsh2(key) && keyType(key.publicKey) !== 'ssh-dss');
  } catch (error) {
    signal.throwIfAborted();
    const problem = error instanceof Error ? error.message : String(error);
    log?.('debug', `Could not use the SSH agent: ${problem}.`);
    return [];
  }
}
