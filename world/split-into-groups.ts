/** Splits a list, in order, into groups of at most `size`: what one transaction takes. */
export function splitIntoGroups<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
