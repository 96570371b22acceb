import { fingerprintOf } from '../../base/key-formats/parse-public-key.js';
import type { Log } from '../../base/log.js';
import { formatDestination } from '../parse-destination.js';
import type { ResolvedDestination } from '../ssh-config/resolved-destination.js';
import type { AgentKey, Identity, IdentityFile } from './read-identity-files.js';
import { badIdentity } from './read-identity-files.js';

/**
 * What to offer, in OpenSSH's order: the SSH agent's keys that files name too, its other keys, then the rest of the files.
 *
 * @param canAsk whether a passphrase can be asked for
 * @throws TunnelError `bad-identity` for a required file that cannot be used
 */
export function orderIdentities(
  files: readonly IdentityFile[],
  agentKeys: readonly AgentKey[],
  {
    destination,
    canAsk,
    log,
  }: { readonly destination: ResolvedDestination; readonly canAsk: boolean; readonly log?: Log | undefined },
): Identity[] {
  const fileOf = ({ publicKey }: AgentKey) => files.find((one) => one.publicKey?.equals(publicKey));
  const named = agentKeys.filter((key) => fileOf(key) !== undefined);
  const others = destination.identitiesOnly ? [] : agentKeys.filter((key) => fileOf(key) === undefined);
  const fromAgent = [...named, ...others].map((key): Identity => {
    const name = fileOf(key)?.file ?? `${key.comment || fingerprintOf(key.publicKey)} (agent)`;
    return { kind: 'agent', name, publicKey: key.publicKey };
  });
  const rest = files.filter((file) => !named.some(({ publicKey }) => file.publicKey?.equals(publicKey)));
  return [
    ...fromAgent,
    ...rest.flatMap((file): Identity[] => {
      const { privateKey, isEncrypted } = file;
      if (privateKey !== undefined && !(isEncrypted && !canAsk)) {
        return [{ ...file, kind: 'file', name: file.file, privateKey }];
      }
      const problem = isEncrypted
        ? `it is encrypted; add it to an SSH agent with "ssh-add ${file.file}"`
        : 'it is a public key, and no SSH agent holds its private half';
      const error = badIdentity(formatDestination(destination), file.file, file.permissionProblem ?? problem);
      if (file.isRequired) throw error;
      log?.(file.permissionProblem === undefined ? 'debug' : 'warn', error.message);
      return [];
    }),
  ];
}
