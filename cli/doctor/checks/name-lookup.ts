import type { Check } from '../check.js';
import type { DialledServer } from '../facts/dial-server.js';
import { ok, skipped, wrong } from '../finding.js';

/** Whether the host's name has an address. */
export const nameLookup: Check<DialledServer> = {
  name: 'name',
  title: 'name lookup',
  isBeforeLogin: true,
  look: (patient) => patient.server(),
  judge({ address, addresses, lookupError }, { name, isFleetHost, destination: { alias } }) {
    if (address === undefined) return skipped('a command connects (ProxyCommand)');
    const { host } = address;
    if (lookupError === undefined) return ok(addresses.includes(host) ? host : `${host} is ${addresses[0]}`);
    if (lookupError === 'ENOTFOUND' || lookupError === 'ENODATA') {
      const as = host === alias ? '' : ` (so ssh_config names ${alias})`;
      const message = `There is no host with the name ${host}${as}: nobody this machine asks knows it.`;
      return wrong(
        'unknown-name',
        message,
        isFleetHost
          ? `Correct the address of ${name} in the fleet file: hawser fleet edit`
          : 'Correct the name, or say in ~/.ssh/config where that host is (HostName).',
      );
    }
    const why = lookupError === 'timeout' ? 'did not answer in time' : `failed (${lookupError})`;
    const message = `The look-up of the name ${host} ${why}: this machine may be offline, or its resolver is.`;
    return wrong('lookup-failed', message, `Check the network of this machine: getent hosts ${host}`);
  },
};
