import type { HostKeyTrust } from './policy.js';

/** Host key algorithms that we accept, best first. SHA-1 signatures (`ssh-rsa`) and DSA are not among them. */
const ALGORITHMS = [
  { name: 'ssh-ed25519', type: 'ssh-ed25519' },
  { name: 'ecdsa-sha2-nistp256', type: 'ecdsa-sha2-nistp256' },
  { name: 'ecdsa-sha2-nistp384', type: 'ecdsa-sha2-nistp384' },
  { name: 'ecdsa-sha2-nistp521', type: 'ecdsa-sha2-nistp521' },
  { name: 'rsa-sha2-512', type: 'ssh-rsa' },
  { name: 'rsa-sha2-256', type: 'ssh-rsa' },
] as const;

export type HostKeyAlgorithm = (typeof ALGORITHMS)[number]['name'];

/**
 * The algorithms to offer a host: those of the keys that we know it by come first, so that it presents one of these.
 * @param wanted names to choose from in this order (HostKeyAlgorithms); those that we do not accept are left out
 */
export function orderHostKeyAlgorithms(
  { pin, known }: HostKeyTrust,
  wanted: readonly string[] = ALGORITHMS.map(({ name }) => name),
): HostKeyAlgorithm[] {
  const offered = wanted.flatMap((name) => ALGORITHMS.find((one) => one.name === name) ?? []);
  if (!isInOurOrder(offered)) return offered.map(({ name }) => name);
  const types = new Set(pin?.kind === 'key' ? [pin.type] : pin ? [] : known.keys.map(({ type }) => type));
  const isKnown = ({ type }: { readonly type: string }) => types.has(type);
  return [...offered.filter(isKnown), ...offered.filter((one) => !isKnown(one))].map(({ name }) => name);
}

/** A list that only leaves some out says nothing of their order, as with OpenSSH; another order was meant. */
function isInOurOrder(offered: readonly (typeof ALGORITHMS)[number][]): boolean {
  const places = offered.map((one) => ALGORITHMS.indexOf(one));
  return places.every((place, at) => at === 0 || place > (places[at - 1] ?? 0));
}
