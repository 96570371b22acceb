import { lookup } from 'node:dns/promises';
import { networkInterfaces } from 'node:os';
import type { HealthCheck } from '../../../world/internal.js';
import { arrivesAt, holdsSocket, listenersAt, readListeners } from '../../processes/listening-sockets.js';
import { listProcesses, nameOf } from '../../processes/process-table.js';

/** The process that holds a port that a health check uses. */
export interface PortOwner {
  readonly port: number;
  /** Undefined if the process is unknown. */
  readonly pid: number | undefined;
}

/**
 * The process other than the app that holds the port of a check on this machine.
 *
 * @param appPids the app's processes
 * @param sharingPids may hold the port too, if the app does
 * @returns undefined if the app itself holds it, if nothing does, or if that is unknown: the check uses another
 * machine, or no port, or /proc is not readable.
 */
export async function findPortOwner(
  check: HealthCheck,
  appPids: readonly number[],
  sharingPids: readonly number[] = [],
): Promise<PortOwner | undefined> {
  const target = targetOf(check);
  if (target === undefined) return undefined;
  const { host, port } = target;
  const addresses = await lookup(host, { all: true }).catch(() => []); // then the check itself reports it
  for (const { address: named } of addresses) {
    const address = arrivesAt(named);
    if (!isLocalAddress(address)) return undefined;
    const listeners = listenersAt(readListeners(), address, port);
    if (listeners.length === 0) continue;
    return otherOwner(
      port,
      listeners.map(({ inode }) => inode),
      { appPids, sharingPids },
    );
  }
  return undefined;
}

/** "port 8080 is held by process 812 (nginx), not by the app" */
export function describePortOwner({ port, pid }: PortOwner): string {
  const who = pid === undefined ? 'another process' : `process ${pid} (${nameOf(pid)})`;
  return `port ${port} is held by ${who}, not by the app`;
}

/** Several sockets may share a port (SO_REUSEPORT): the app must hold each of them, or one beside the release before. */
function otherOwner(
  port: number,
  inodes: readonly string[],
  { appPids, sharingPids }: { appPids: readonly number[]; sharingPids: readonly number[] },
): PortOwner | undefined {
  let [isOurs, shared] = [false, undefined as PortOwner | undefined];
  for (const inode of inodes) {
    const wanted = new Set([inode]);
    const held = appPids.map((pid) => holdsSocket(pid, wanted));
    if (held.includes(true)) {
      isOurs = true;
      continue;
    }
    if (held.includes(undefined)) return undefined;
    const pid = sharingPids.find((one) => holdsSocket(one, wanted) === true);
    if (pid === undefined)
      return { port, pid: listProcesses().find((one) => holdsSocket(one.pid, wanted) === true)?.pid };
    shared = { port, pid };
  }
  return isOurs ? undefined : shared;
}

function targetOf(check: HealthCheck): { host: string; port: number } | undefined {
  if (check.kind === 'tcp') return check;
  if (check.kind === 'exec') return undefined;
  const { hostname, port, protocol } = new URL(check.url);
  const standard = protocol === 'https:' ? 443 : 80;
  return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? standard : Number(port) };
}

function isLocalAddress(address: string): boolean {
  if (address.startsWith('127.') || address === '::1') return true;
  return Object.values(networkInterfaces()).some((all) => all?.some((one) => one.address === address));
}
