/** What one request may hold. */
export interface BatchLimits {
  readonly items: number;
  readonly sizeBytes: number;
}

/** Groups items, in order, so that each group keeps the limits; one that is too large by itself is alone. */
export function inBatches<T>(items: Iterable<T>, limits: BatchLimits, sizeBytes: (item: T) => number): T[][] {
  const groups: T[][] = [];
  let group: T[] = [];
  let bytes = 0;
  for (const item of items) {
    const size = sizeBytes(item);
    if (group.length === limits.items || (group.length > 0 && bytes + size > limits.sizeBytes)) {
      groups.push(group);
      group = [];
      bytes = 0;
    }
    group.push(item);
    bytes += size;
  }
  if (group.length > 0) groups.push(group);
  return groups;
}
