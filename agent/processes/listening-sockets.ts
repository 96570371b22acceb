import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { isIPv4 } from 'node:net';

/** A listening TCP socket. */
export interface Listener {
  /** In hex as the kernel writes it, such as `0100007F` for 127.0.0.1. */
  readonly address: string;
  readonly port: number;
  readonly inode: string;
}

/** The listening sockets in the contents of `/proc/net/tcp` or `/proc/net/tcp6`. */
export function parseListeners(text: string): Listener[] {
  return text.split('\n').flatMap((line) => {
    const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/);
    const [address, port] = local.split(':');
    if (state !== '0A' || address === undefined || port === undefined || inode === undefined) return [];
    return [{ address, port: Number.parseInt(port, 16), inode }];
  });
}

/**
 * The sockets that receive connections to an address: those that listen on exactly this address, else those that
 * listen on all.
 *
 * @param address IPv4 or IPv6
 */
export function listenersAt(all: readonly Listener[], address: string, port: number): Listener[] {
  const here = all.filter((listener) => listener.port === port);
  for (const names of namesOf(address)) {
    const found = here.filter((listener) => names.includes(listener.address));
    if (found.length > 0) return found;
  }
  return [];
}

/**
 * The address that a connection arrives at: connections to "any address" go to this machine, and an IPv4 address may
 * be written as IPv6.
 */
export function arrivesAt(address: string): string {
  const bare = address.split('%')[0] ?? '';
  if (isIPv4(bare)) return bare === '0.0.0.0' ? '127.0.0.1' : bare;
  const groups = expand(bare);
  if (groups.every((group) => group === 0)) return '::1';
  if (groups.slice(0, 5).some((group) => group !== 0) || groups[5] !== 0xffff) return bare;
  return arrivesAt(
    groups
      .slice(6)
      .flatMap((group) => [group >> 8, group & 0xff])
      .join('.'),
  );
}

/** All listening sockets in this network namespace. */
export function readListeners(): Listener[] {
  return ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) => {
    try {
      return parseListeners(readFileSync(file, 'utf8'));
    } catch {
      return []; // no IPv6, or no /proc
    }
  });
}

/** Whether a process has one of these sockets open; undefined without permission to look. */
export function holdsSocket(pid: number, inodes: ReadonlySet<string>): boolean | undefined {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).some((fd) => inodes.has(socketOf(`${folder}/${fd}`)));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? false : undefined;
  }
}

/** @throws EACCES: root in a container without CAP_SYS_PTRACE may list what another user's process has open, not look at it */
function socketOf(link: string): string {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(link))?.[1] ?? '';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES') throw error;
    return ''; // closed meanwhile
  }
}

/** An address as the kernel writes it, most specific first: itself, then all addresses. */
function namesOf(address: string): string[][] {
  const all6 = '0'.repeat(32);
  if (isIPv4(address)) {
    const bytes = Buffer.from(address.split('.').map(Number));
    const word = bytes.readUInt32LE().toString(16).padStart(8, '0').toUpperCase();
    return [[word, `0000000000000000FFFF0000${word}`], ['00000000'], [all6]];
  }
  const groups = expand(address);
  const bytes = Buffer.from(groups.flatMap((group) => [group >> 8, group & 0xff]));
  const words = [0, 4, 8, 12].map((at) => bytes.readUInt32LE(at).toString(16).padStart(8, '0').toUpperCase());
  return [[words.join('')], [all6]];
}

/** The eight groups of an IPv6 address; the last two may be written as IPv4. */
function expand(address: string): number[] {
  const [before = '', after] = (address.split('%')[0] ?? '').split('::');
  const parse = (text: string) => (text === '' ? [] : text.split(':').flatMap(groupsOf));
  const [head, tail] = [parse(before), parse(after ?? '')];
  return after === undefined ? head : [...head, ...Array(8 - head.length - tail.length).fill(0), ...tail];
}

function groupsOf(text: string): number[] {
  if (!isIPv4(text)) return [Number.parseInt(text, 16)];
  const bytes = Buffer.from(text.split('.').map(Number));
  return [bytes.readUInt16BE(0), bytes.readUInt16BE(2)];
}
