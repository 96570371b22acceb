import { formatDestination } from '../parse-destination.js';
import type { ResolvedDestination } from '../ssh-config/resolved-destination.js';
import type { LoginOptions } from '../transport/ssh2/login/login-method.js';
import { addToAgent, type PrivateKey } from './add-to-agent.js';

/**
 * Adds a private key that a host accepted to the SSH agent, as AddKeysToAgent in ssh_config says. Does not reject if the SSH
 * agent refuses it: login has succeeded anyway.
 */
export async function obeyAddKeysToAgent(
  key: PrivateKey,
  file: string,
  destination: ResolvedDestination,
  options: LoginOptions,
): Promise<void> {
  const { agentSocket, addKeysToAgent: wanted } = destination;
  if (agentSocket === undefined || wanted === undefined) return;
  const comment = key.comment || file;
  const { log, signal } = options;
  if (wanted.ask && !(await isAllowed(`Add key ${file} (${comment}) to agent? `, destination, options)))
    return;
  try {
    const { confirm, lifetimeSeconds } = wanted;
    await addToAgent(agentSocket, key, { comment, confirm, lifetimeSeconds, signal });
    log?.('info', `Added the key ${file} to the SSH agent.`);
  } catch (error) {
    signal.throwIfAborted();
    const problem = error instanceof Error ? error.message : String(error);
    log?.('debug', `Could not add the key ${file} to the SSH agent: ${problem}.`);
  }
}

/** Enter alone means yes, as with OpenSSH. */
async function isAllowed(
  text: string,
  destination: ResolvedDestination,
  { questions, ...asker }: LoginOptions,
): Promise<boolean> {
  if (destination.batchMode || questions === undefined) return false;
  const host = formatDestination(destination);
  const answer = await questions.ask({ kind: 'confirmation', host, text, echo: true }, asker);
  return answer !== undefined && /^(yes)?$/i.test(answer.trim());
}
