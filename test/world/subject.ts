import type { Client, World } from '../../world/index.js';

/** What the conformance tests need of a World: they are the same for each way to reach etcd. */
export interface Subject {
  /** Opens the World of one fleet; the same fleet for the same namespace. */
  open(hostname: string, namespace: string): Promise<World & { readonly client: Client }>;
}

let fleets = 0;

/** A namespace that no other test uses. */
export function newFleet(): string {
  fleets += 1;
  return `/fleet${fleets}-${process.pid}`;
}

/** Waits for one pulse of a watch. */
export async function next(pulses: AsyncIterator<void>): Promise<void> {
  const result = await pulses.next();
  if (result.done === true) throw new Error('the watch ended');
}
