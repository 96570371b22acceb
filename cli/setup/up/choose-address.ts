import { CliError } from '../../errors.js';
import type { FleetHost } from '../../fleet/file/fleet.js';
import type { HostFacts } from '../facts/host-facts.js';

/**
 * The address that other hosts dial: the one that was given, else the only one, else the one that SSH came in by.
 *
 * @throws CliError `usage` where several could be meant
 */
export function chooseAddress(
  { name, address }: Pick<FleetHost, 'name' | 'address'>,
  { addresses, entered }: Pick<HostFacts, 'addresses' | 'entered'>,
): string {
  if (address !== undefined) return address;
  const usable = addresses.filter((one) => !/^fe80:|^169\.254\./i.test(one));
  const [only, ...others] = usable;
  if (only !== undefined && others.length === 0) return only;
  if (entered !== undefined && usable.includes(entered)) return entered;
  const choice =
    usable.length === 0
      ? 'it has no address that other hosts could dial'
      : `it has ${usable.join(', ')}, and any could be meant`;
  const message = `Which address of ${name} do the other hosts dial? Pass --address ${name}=ADDRESS: ${choice}.`;
  throw new CliError('usage', message);
}
