import type { Effect, Operation } from './history.js';

/**
 * Decides about operations whose outcome is not known, as far as others tell, so that they do not stay possible for
 * ever: one whose value was seen took effect, at the latest before the first who saw it was done; one whose value
 * nobody ever saw can be left out, because it explains nothing. (What a deletion leaves looks like any other's:
 * deletions stay.) Good only where no value is written twice.
 *
 * @throws RangeError when a value is written twice
 */
export function settleUnknown(operations: readonly Operation[]): Operation[] {
  requireUnique(operations);
  let settled = operations;
  for (;;) {
    const seen = firstSeen(settled);
    const next = settled.map((operation) => {
      const value = writtenBy(operation.effect);
      const at = value === undefined ? undefined : seen.get(value);
      return at !== undefined && operation.completed > at ? { ...operation, completed: at } : operation;
    });
    // An operation that took effect has seen something itself, if it compared.
    if (next.every((operation, index) => operation === settled[index])) break;
    settled = next;
  }
  return settled.filter(({ effect, completed }) => Number.isFinite(completed) || effect.kind === 'delete');
}

/** The end of the first operation that saw a value. */
function firstSeen(operations: readonly Operation[]): Map<string, number> {
  const seen = new Map<string, number>();
  for (const { effect, completed } of operations) {
    const value = seenBy(effect);
    if (value === undefined || !Number.isFinite(completed)) continue;
    seen.set(value, Math.min(completed, seen.get(value) ?? completed));
  }
  return seen;
}

function seenBy(effect: Effect): string | undefined {
  if (effect.kind === 'swap') return effect.from;
  return effect.kind === 'read' || effect.kind === 'no-swap' ? effect.found : undefined;
}

function writtenBy(effect: Effect): string | undefined {
  if (effect.kind === 'swap') return effect.to;
  return effect.kind === 'put' ? effect.value : undefined;
}

function requireUnique(operations: readonly Operation[]): void {
  const written = new Set<string>();
  for (const { effect } of operations) {
    const value = writtenBy(effect);
    if (value === undefined) continue;
    if (written.has(value)) throw new RangeError(`"${value}" is written twice`);
    written.add(value);
  }
}
