import { formatHostPort } from '../../../base/format-host-port.js';
import type { Check } from '../check.js';
import type { DialledServer } from '../facts/dial-server.js';
import { type Finding, ok, skipped, wrong } from '../finding.js';
import type { Subject } from '../subject.js';

/** Whether something accepts connections at the SSH port. */
export const tcp: Check<DialledServer> = {
  name: 'tcp',
  title: 'TCP connection',
  isBeforeLogin: true,
  look: (patient) => patient.server(),
  judge({ address, connectError }, subject) {
    if (address === undefined) return skipped('a command connects (ProxyCommand)');
    if (connectError === undefined) return ok(`port ${address.port}`);
    return judgeFailure(connectError, formatHostPort(address.host, address.port), subject);
  },
};

function judgeFailure(code: string, place: string, { name, isFleetHost, destination }: Subject): Finding {
  const gone = isFleetHost ? ` If the host is gone for good: hawser down ${name} --gone` : '';
  switch (code) {
    case 'ECONNREFUSED':
      return wrong(
        'nothing-listens',
        `Nothing listens at ${place} (connection refused): the host is up, but no SSH server runs at that port.`,
        `Start the SSH server on the host's console, with "systemctl start ssh"; or correct the port, ${destination.port}.${gone}`,
      );
    case 'ETIMEDOUT':
      return wrong(
        'no-answer',
        `${place} does not answer: the host is off, or a firewall drops what is sent to that port.`,
        `Look at the host's console, and at the firewalls in between.${gone}`,
      );
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return wrong(
        'no-route',
        `No route leads from here to ${place}: the host is off, or this machine is in the wrong network.`,
        `Check the network of this machine, such as its VPN.${gone}`,
      );
    default:
      return wrong(
        'no-connection',
        `${place} could not be connected to (${code}).`,
        'Check the address and the network of this machine.',
      );
  }
}
