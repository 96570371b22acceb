import { isIPv6, SocketAddress } from 'node:net';

/** A host name as `ssh -G` prints it: addresses in their usual form, names in lower case. */
export function normalizeHost(name: string, family: string | undefined): string {
  const v4 = family === 'inet6' ? undefined : parseIPv4(name);
  const v6 = family === 'inet' ? undefined : parseIPv6(name);
  const address = v4 ?? v6;
  if (address !== undefined) return address.toLowerCase() === name.toLowerCase() ? name : address;
  // What looks like an address is left alone, even if it is not one.
  return /[%:]/.test(name) || /^[0-9.]*$/.test(name) ? name : name.toLowerCase();
}

/** As inet_aton(3): one to four numbers, decimal, octal or hexadecimal, the last of which fills what is left. */
function parseIPv4(name: string): string | undefined {
  const parts = name.split('.');
  if (parts.length > 4 || !parts.every((part) => /^(0x[\da-f]+|0[0-7]*|[1-9]\d*)$/i.test(part)))
    return undefined;
  const numbers = parts.map((part) => (/^0[0-7]+$/.test(part) ? Number.parseInt(part, 8) : Number(part)));
  const last = numbers.pop() ?? 0;
  const left = 4 - numbers.length;
  if (numbers.some((number) => number > 255) || last >= 256 ** left) return undefined;
  const rest = Array.from({ length: left }, (_, at) => Math.floor(last / 256 ** (left - 1 - at)) % 256);
  return [...numbers, ...rest].join('.');
}

function parseIPv6(name: string): string | undefined {
  if (!isIPv6(name) || name.includes('%')) return undefined;
  return new SocketAddress({ address: name, family: 'ipv6' }).address;
}
