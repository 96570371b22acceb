import type { HostKeyTrust } from './decide-host-key.js';

/** The accepted host key algorithms, best first. SHA-1 signatures (`ssh-rsa`) and DSA are not among them. */
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
 * The algorithms to offer a host: those of its known keys come first, so that it presents one of these.
 * @param wanted names to choose from in this order (HostKeyAlgorithms); unaccepted ones are left out
 */
export function orderHostKeyAlgorithms(
  { pins, known }: HostKeyTrust,
  wanted: readonly string[] = ALGORITHMS.map(({ name }) => name),
): HostKeyAlgorithm[] {
  const offered = wanted.flatMap((name) => ALGORITHMS.find((one) => one.name === name) ?? []);
  if (!isInOurOrder(offered)) return offered.map(({ name }) => name);
  const types = new Set<string>(
    pins?.flatMap((pin) => (pin.kind === 'key' ? [pin.type] : [])) ?? known.keys.map(({ type }) => type),
  );
  const isKnown = ({ type }: { readonly type: string }) => types.has(type);
  return [...offered.filter(isKnown), ...offered.filter((one) => !isKnown(one))].map(({ name }) => name);
}

/** As with OpenSSH, a list that only leaves some out does not set an order; any other order is intended. */
function isInOurOrder(offered: readonly (typeof ALGORITHMS)[number][]): boolean {
  const places = offered.map((one) => ALGORITHMS.indexOf(one));
  return places.every((place, at) => at === 0 || place > (places[at - 1] ?? 0));
}
