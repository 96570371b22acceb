import type { Client, Log, World } from '../../../world/index.js';

/** What the conformance tests need of a World: they are the same for each way to reach etcd. */
export interface Subject {
  /** Opens the World of one fleet; the same fleet for the same namespace. */
  open(hostname: string, namespace: string, log?: Log): Promise<World & { readonly client: Client }>;
  /** What its local endpoints look like. */
  readonly localEndpoint: RegExp;
}

let fleets = 0;

/** A namespace that no other test uses. */
export function newFleet(): string {
  fleets += 1;
  return `/fleet${fleets}-${process.pid}`;
}

/** Waits for the next item of a watch, which must not end before. */
export async function next<T>(items: AsyncIterator<T>): Promise<T> {
  const result = await items.next();
  if (result.done === true) throw new Error('the watch ended');
  return result.value;
}
