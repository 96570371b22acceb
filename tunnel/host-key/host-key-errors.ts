import { fingerprintOf, type PublicKey } from '../../base/key-formats/parse-public-key.js';
import { TunnelError } from '../errors.js';
import { shellWord } from '../exec/shell-command.js';
import { type Destination, formatDestination } from '../parse-destination.js';
import type { HostKeyTrust } from './decide-host-key.js';

/** How many known keys an error lists. */
const MAX_SHOWN = 6;

export function revokedError({ key }: PublicKey, trust: HostKeyTrust): TunnelError {
  const host = formatDestination(trust.destination);
  const fingerprint = fingerprintOf(key);
  const by = trust.known.revoked.find((line) => line.key.equals(key));
  return new TunnelError(
    'host-key-revoked',
    host,
    `Refused to talk to ${host}: its host key ${fingerprint} is revoked by ${by?.file}:${by?.line}. Give the host a new key; do not remove that line.`,
    { fingerprint, file: by?.file, line: by?.line },
  );
}

export function pinnedError({ key, type }: PublicKey, trust: HostKeyTrust): TunnelError {
  const host = formatDestination(trust.destination);
  const fingerprint = fingerprintOf(key);
  const { pins = [] } = trust;
  const expected = pins.map((pin) => (pin.kind === 'key' ? fingerprintOf(pin.key) : pin.fingerprint));
  return new TunnelError(
    'host-key-changed',
    host,
    `Refused to talk to ${host}: it presented the ${type} host key ${fingerprint}, but only ${expected.join(' or ')} is accepted. Someone may be intercepting the connection; if the host has a new key, give that one instead.`,
    { fingerprint, expectedFingerprints: expected },
  );
}

export function changedError({ key, type }: PublicKey, trust: HostKeyTrust): TunnelError {
  const host = formatDestination(trust.destination);
  const fingerprint = fingerprintOf(key);
  const replaced = trust.known.keys;
  const expected = replaced
    .slice(0, MAX_SHOWN)
    .map((line) => `${line.type} ${fingerprintOf(line.key)} (${line.file}:${line.line})`);
  if (replaced.length > MAX_SHOWN) expected.push(`${replaced.length - MAX_SHOWN} more`);
  const [first] = replaced;
  const remedies = [...new Set(replaced.map(({ file }) => file))].map(
    (file) => `ssh-keygen -f ${shellWord(file)} -R ${shellWord(trust.known.name)}`,
  );
  return new TunnelError(
    'host-key-changed',
    host,
    `Refused to talk to ${host}: its host key is now ${type} ${fingerprint}, but it is known by ${expected.join(', ')}. Someone may be intercepting the connection; if the host was reinstalled, run ${remedies.join(' and ')} and connect once with ssh.`,
    {
      fingerprint,
      expectedFingerprints: replaced.map((line) => fingerprintOf(line.key)),
      file: first?.file,
      line: first?.line,
    },
  );
}

export function unknownError({ key, type }: PublicKey, trust: HostKeyTrust): TunnelError {
  const host = formatDestination(trust.destination);
  const fingerprint = fingerprintOf(key);
  const orPin = trust.destination.isJump === true ? '' : `, or pass --ssh-hostkey ${fingerprint}`;
  return new TunnelError(
    'host-key-unknown',
    host,
    `Refused to talk to ${host}: its ${type} host key ${fingerprint} is not known. Compare the fingerprint, then connect once with "${connectCommand(trust)}"${orPin}.`,
    { fingerprint },
  );
}

export function unreadableError(presented: Buffer, trust: HostKeyTrust): TunnelError {
  const host = formatDestination(trust.destination);
  const fingerprint = fingerprintOf(presented);
  const message = `Refused to talk to ${host}: the host key that it presented (${fingerprint}) cannot be trusted: it is malformed, or RSA with fewer than 1024 bits. Give the host a new key with "ssh-keygen -A".`;
  return new TunnelError('host-key-unknown', host, message, { fingerprint });
}

/** The host cannot sign with the key that it presented, or an interceptor changed its messages. */
export function unprovenError(destination: Destination, cause: Error): TunnelError {
  const host = formatDestination(destination);
  const message = `Refused to talk to ${host}: it presented a host key, but could not prove that it owns the key (${cause.message}). Someone may be intercepting the connection and changing what is sent. Try from another network; if that does not help, check the host's console.`;
  return new TunnelError('host-key-unproven', host, message, { cause });
}

/** The command with which OpenSSH asks about the host's key. */
function connectCommand({ destination }: HostKeyTrust): string {
  const { user, host, port, alias = host, strictHostKeyChecking } = destination;
  const ask = strictHostKeyChecking === 'yes' ? '-o StrictHostKeyChecking=ask ' : '';
  return `ssh ${ask}${port === 22 ? '' : `-p ${port} `}${shellWord(`${user}@${alias}`)}`;
}
