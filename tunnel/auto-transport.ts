import { formatDestination } from './destination.js';
import { TunnelError } from './errors.js';
import { readTrust } from './host-trust.js';
import { needsHostCertificate } from './known-hosts.js';
import { whyIdentityNeedsOpenSsh } from './openssh-identity.js';
import { opensshTransport } from './openssh-transport.js';
import type { ResolvedDestination } from './ssh-config.js';
import { ssh2Transport } from './ssh2-transport.js';
import type { Transport } from './transport.js';

/** What speaks SSH: `ssh2` in this process, `openssh` the system's `ssh`, `auto` whichever a host needs. */
export type TransportName = 'auto' | 'ssh2' | 'openssh';

/** Takes the system's `ssh` where a host needs it, and says so (`info`). */
const autoTransport: Transport = {
  async dial(destination, options) {
    const reason = await whyOpenSsh(destination, options.signal);
    if (reason === undefined) return ssh2Transport.dial(destination, options);
    options.log?.('info', `Connecting to ${formatDestination(destination)} with OpenSSH's ssh: ${reason}.`);
    const needsOpenSsh = [...destination.needsOpenSsh, reason];
    return opensshTransport.dial({ ...destination, needsOpenSsh }, options);
  },
};

/** Refuses hosts whose configuration it could not honour. */
const ssh2OrNothing: Transport = {
  async dial(destination, options) {
    const reason = await whyOpenSsh(destination, options.signal);
    if (reason === undefined) return ssh2Transport.dial(destination, options);
    const host = formatDestination(destination);
    throw new TunnelError(
      'bad-destination',
      host,
      `Could not connect to ${host}: it needs OpenSSH's ssh (${reason}), but the transport ssh2 was asked for. Leave that to "auto".`,
    );
  },
};

const TRANSPORTS: Readonly<Record<TransportName, Transport>> = {
  auto: autoTransport,
  ssh2: ssh2OrNothing,
  openssh: opensshTransport,
};

export function transportNamed(name: TransportName): Transport {
  return TRANSPORTS[name];
}

async function whyOpenSsh(
  destination: ResolvedDestination,
  signal: AbortSignal,
): Promise<string | undefined> {
  const [reason] = destination.needsOpenSsh;
  if (reason !== undefined) return reason;
  for (const host of [...destination.jumps, destination]) {
    const { pin, known } = await readTrust(host, { signal });
    if (pin === undefined && needsHostCertificate(known)) {
      return `known_hosts knows ${known.name} only by a certificate authority`;
    }
    const identity = await whyIdentityNeedsOpenSsh(host, { signal });
    if (identity !== undefined) return identity;
  }
  return undefined;
}
