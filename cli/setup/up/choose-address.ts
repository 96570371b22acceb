import { CliError } from '../../errors.js';
import type { FleetHost } from '../../fleet/file/fleet.js';
import type { HostFacts } from '../facts/host-facts.js';

/** Asks which of the addresses of a host the others dial. */
export type AskAddress = (host: string, addresses: readonly string[]) => Promise<string>;

/**
 * The address that other hosts dial: the one that was given, else the only one, else the one that SSH came in by.
 *
 * @throws CliError `usage` where several could be meant
 */
export function chooseAddress(
  { name, address }: Pick<FleetHost, 'name' | 'address'>,
  facts: Pick<HostFacts, 'addresses' | 'entered'>,
): string {
  const candidates = address === undefined ? candidatesOf(facts) : [address];
  const [only, ...others] = candidates;
  if (only !== undefined && others.length === 0) return only;
  const choice =
    only === undefined
      ? 'it has no address that other hosts could reach'
      : `it has several, ${candidates.join(', ')}`;
  const message = `At which address do the other hosts reach ${name}? Pass --address ${name}=ADDRESS: ${choice}.`;
  throw new CliError('usage', message);
}

/** Asks for the addresses of hosts that have several which could be meant, one host after the other. */
export async function askForAddresses<
  T extends { readonly host: FleetHost; readonly facts: Pick<HostFacts, 'addresses' | 'entered'> },
>(seen: readonly T[], ask: AskAddress): Promise<T[]> {
  const settled: T[] = [];
  for (const one of seen) {
    const candidates = one.host.address === undefined ? candidatesOf(one.facts) : [];
    if (candidates.length < 2) settled.push(one);
    else settled.push({ ...one, host: { ...one.host, address: await ask(one.host.name, candidates) } });
  }
  return settled;
}

function candidatesOf({ addresses, entered }: Pick<HostFacts, 'addresses' | 'entered'>): string[] {
  const usable = addresses.filter((one) => !/^fe80:|^169\.254\./i.test(one));
  return entered !== undefined && usable.includes(entered) ? [entered] : usable;
}
