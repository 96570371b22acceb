import { BlockList, isIP } from 'node:net';
import { CliError } from '../../errors.js';
import type { FleetHost } from '../../fleet/file/fleet.js';
import type { HostFacts } from '../facts/host-facts.js';

/** Asks which of the addresses of a host the others dial. */
export type AskAddress = (host: string, addresses: readonly string[]) => Promise<string>;

type AddressFacts = Pick<HostFacts, 'addresses' | 'entered'> & {
  readonly agent: { readonly record: { readonly address?: string | undefined } | undefined };
};

/**
 * The address that other hosts dial: the one that was given, else the only one, else the one that SSH came in by. One that the
 * host was set up with and has no more counts as not given.
 *
 * @throws CliError `usage` where several could be meant, and for a host that is set up but has not the address that was given
 */
export function chooseAddress(host: Pick<FleetHost, 'name' | 'address'>, facts: AddressFacts): string {
  const { name, address } = host;
  const candidates = isGiven(host, facts) ? [address ?? ''] : candidatesOf(facts);
  const [only, ...others] = candidates;
  if (only !== undefined && others.length === 0) {
    if (facts.agent.record === undefined || hasAddress(facts, only)) return only;
    const message = `${name} is to be at ${only}, but has only ${facts.addresses.join(', ')}: etcd could not listen there. Correct the address in the fleet file ("hawser fleet edit"), or give the host that address first.`;
    throw new CliError('usage', message);
  }
  const choice =
    only === undefined
      ? 'it has no address that other hosts could reach'
      : `it has several, ${candidates.join(', ')}`;
  const message = `At which address do the other hosts reach ${name}? Pass --address ${name}=ADDRESS: ${choice}.`;
  throw new CliError('usage', message);
}

/** Asks for the addresses of hosts that have several which could be meant, one host after the other. */
export async function askForAddresses<T extends { readonly host: FleetHost; readonly facts: AddressFacts }>(
  seen: readonly T[],
  ask: AskAddress,
): Promise<T[]> {
  const settled: T[] = [];
  for (const one of seen) {
    const candidates = isGiven(one.host, one.facts) ? [] : candidatesOf(one.facts);
    if (candidates.length < 2) settled.push(one);
    else settled.push({ ...one, host: { ...one.host, address: await ask(one.host.name, candidates) } });
  }
  return settled;
}

/** Whether there is an address that was meant, and not only one that the host was found to have. */
function isGiven({ address }: Pick<FleetHost, 'address'>, facts: AddressFacts): boolean {
  return address !== undefined && (hasAddress(facts, address) || facts.agent.record?.address !== address);
}

function hasAddress({ addresses }: Pick<HostFacts, 'addresses'>, address: string): boolean {
  const found = new BlockList();
  for (const one of addresses) found.addAddress(one, familyOf(one));
  // What a name leads to is not ours to say.
  return isIP(address) === 0 || found.check(address, familyOf(address));
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}

function candidatesOf({ addresses, entered }: Pick<HostFacts, 'addresses' | 'entered'>): string[] {
  const usable = addresses.filter((one) => !/^fe80:|^169\.254\./i.test(one));
  return entered !== undefined && usable.includes(entered) ? [entered] : usable;
}
