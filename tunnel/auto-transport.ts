import { formatDestination } from './destination.js';
import { opensshTransport } from './openssh-transport.js';
import { ssh2Transport } from './ssh2-transport.js';
import type { Transport } from './transport.js';

/** What speaks SSH: `ssh2` in this process, `openssh` the system's `ssh`, `auto` whichever a host needs. */
export type TransportName = 'auto' | 'ssh2' | 'openssh';

/** Takes the system's `ssh` where the configuration of a host needs it, and says so (`info`). */
const autoTransport: Transport = {
  async dial(destination, options) {
    const [reason] = destination.needsOpenSsh;
    if (reason === undefined) return ssh2Transport.dial(destination, options);
    options.log?.('info', `Connecting to ${formatDestination(destination)} with OpenSSH's ssh: ${reason}.`);
    return opensshTransport.dial(destination, options);
  },
};

const TRANSPORTS: Readonly<Record<TransportName, Transport>> = {
  auto: autoTransport,
  ssh2: ssh2Transport,
  openssh: opensshTransport,
};

export function transportNamed(name: TransportName): Transport {
  return TRANSPORTS[name];
}
