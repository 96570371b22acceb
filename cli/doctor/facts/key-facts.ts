import { fingerprintOf } from '../../../base/key-formats/parse-public-key.js';
import { readTextIfPossible } from '../../../tunnel/files/read-without-blocking.js';
import { readIdentityFiles } from '../../../tunnel/identity/read-identity-files.js';
import { MAX_KEY_BYTES } from '../../../tunnel/key-formats/inspect-key-file.js';
import { listAgentIdentities } from '../../../tunnel/ssh-agent/agent-protocol.js';
import type { ResolvedDestination } from '../../../tunnel/ssh-config/resolved-destination.js';
import { type CertificateLife, readCertificateLife } from './read-certificate-life.js';

/** A private key that this machine has, or only its public half. */
export interface KeyFact {
  /** The file; for one that only the SSH agent has, its comment. */
  readonly name: string;
  /** Undefined if only decrypting the key would tell. */
  readonly fingerprint: string | undefined;
  /**
   * `usable`: as it is, or through the SSH agent; `locked`: encrypted, and no SSH agent has it; `too-open`: others may read
   * the file, so nobody uses it; `no-private-half`: only the .pub is there, and no SSH agent has the rest.
   */
  readonly state: 'usable' | 'locked' | 'too-open' | 'no-private-half';
  /** Signed by an authority for a time. */
  readonly certificate?: CertificateLife | undefined;
}

/** What this machine could log in with. */
export interface KeyFacts {
  readonly keys: readonly KeyFact[];
  /** The SSH agent: `none`, `unreachable`, or how many keys it holds. */
  readonly sshAgent: 'none' | 'unreachable' | number;
}

/** Looks at the keys that would be offered to a destination, as far as that needs no passphrase. */
export async function readKeyFacts(destination: ResolvedDestination, signal: AbortSignal): Promise<KeyFacts> {
  const { agentSocket, requiredIdentityFiles, identityFiles, defaultIdentityFiles, identitiesOnly } =
    destination;
  // One that cannot be used is told by the login itself.
  const unrequired = {
    ...destination,
    requiredIdentityFiles: [],
    identityFiles: [...new Set([...requiredIdentityFiles, ...identityFiles])],
  };
  const [files, held] = await Promise.all([
    readIdentityFiles(unrequired, { signal }),
    agentSocket === undefined
      ? ('none' as const)
      : listAgentIdentities(agentSocket, { signal }).catch(() => 'unreachable' as const),
  ]);
  signal.throwIfAborted();
  const inAgent = Array.isArray(held) ? held : [];
  const isHeld = (key: Buffer | undefined): boolean =>
    key !== undefined && inAgent.some(({ publicKey }) => publicKey.equals(key));
  const named = new Set([...unrequired.identityFiles, ...defaultIdentityFiles]);
  const ofFiles = await Promise.all(
    files
      .filter(({ file }) => named.has(file))
      .map(
        async (key): Promise<KeyFact> => ({
          name: key.file,
          fingerprint: key.publicKey && fingerprintOf(key.publicKey),
          state: isHeld(key.publicKey) ? 'usable' : stateOf(key),
          certificate: await certificateOf(key.file, signal),
        }),
      ),
  );
  const inFiles = files.map(({ publicKey }) => publicKey);
  const others = identitiesOnly
    ? []
    : inAgent.filter(({ publicKey }) => !inFiles.some((key) => key?.equals(publicKey)));
  const ofAgent = others.map(
    ({ comment, publicKey }): KeyFact => ({
      name: comment,
      fingerprint: fingerprintOf(publicKey),
      state: 'usable',
    }),
  );
  return { keys: [...ofFiles, ...ofAgent], sshAgent: Array.isArray(held) ? held.length : held };
}

function stateOf(key: Awaited<ReturnType<typeof readIdentityFiles>>[number]): KeyFact['state'] {
  if (key.permissionProblem !== undefined) return 'too-open';
  if (key.privateKey === undefined) return 'no-private-half';
  return key.isEncrypted ? 'locked' : 'usable';
}

async function certificateOf(file: string, signal: AbortSignal): Promise<CertificateLife | undefined> {
  const name = `${file}-cert.pub`;
  const text = await readTextIfPossible(name, { maxBytes: MAX_KEY_BYTES, signal });
  const life = text === undefined ? undefined : readCertificateLife(text);
  return life && { file: name, ...life };
}
