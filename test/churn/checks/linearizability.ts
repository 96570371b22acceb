import type { Effect, Operation } from './history.js';

type Value = string | undefined;

export type Verdict =
  | { readonly linearizable: true }
  | {
      readonly linearizable: false;
      /** The first operation at whose end no order of the operations explains what was seen. */
      readonly at: Operation;
      /** What the register could have held at that time. */
      readonly possible: readonly Value[];
      /** Operations that were under way or had ended shortly before. */
      readonly around: readonly Operation[];
    };

/** One way to explain what was seen until a moment. */
interface Explanation {
  /** The end of an operation that has not taken effect yet. */
  readonly moment: number;
  readonly value: Value;
  /** What is under way at that moment and took effect already. */
  readonly done: ReadonlySet<Operation>;
}

/**
 * Whether the operations on one register could have taken effect one after the other, each at a moment between its
 * beginning and its end. The register does not exist at first.
 *
 * Walks through the ends in their order ("just in time", as in Gavin Lowe, "Testing for linearizability", 2017): an
 * operation takes effect only when one has to, namely at its own end or before another that ends. Where several can
 * be first it tries them in turn, and no situation twice (as Wing and Gong's algorithm with Lowe's memory does).
 */
export function checkRegister(operations: readonly Operation[]): Verdict {
  const ids = new Map(operations.map((operation, index) => [operation, index]));
  const moments = momentsOf(operations);
  const seen = new Set<string>();
  let furthest = -1;
  let possible = new Set<Value>();
  const open: Explanation[] = [];
  const consider = (explanation: Explanation): boolean => {
    const advanced = advance(explanation, moments);
    const key = keyOf(advanced, ids);
    if (!seen.has(key)) open.push(advanced);
    seen.add(key);
    return advanced.moment === moments.length;
  };
  if (consider({ moment: 0, value: undefined, done: new Set() })) return { linearizable: true };
  for (let current = open.pop(); current !== undefined; current = open.pop()) {
    if (current.moment > furthest) possible = new Set();
    furthest = Math.max(furthest, current.moment);
    if (current.moment === furthest) possible.add(current.value);
    for (const next of candidates(current, moments)) {
      const done = new Set(current.done).add(next);
      if (consider({ ...current, value: valueAfter(next.effect, current.value), done }))
        return { linearizable: true };
    }
  }
  const at = moments[furthest]?.ending;
  if (at === undefined) throw new Error('a history without an end explains itself');
  return { linearizable: false, at, possible: [...possible], around: around(at, operations) };
}

/** The end of an operation, and what is under way just before it, itself included. */
interface Moment {
  readonly ending: Operation;
  readonly underWay: readonly Operation[];
}

/** Operations without an end never have to take effect. */
function momentsOf(operations: readonly Operation[]): Moment[] {
  const begins = [...operations].sort((a, b) => a.invoked - b.invoked);
  const ends = operations.filter(({ completed }) => Number.isFinite(completed));
  let underWay: Operation[] = [];
  let before: Operation | undefined;
  return ends
    .sort((a, b) => a.completed - b.completed)
    .map((ending) => {
      underWay = underWay.filter((operation) => operation !== before);
      before = ending;
      while ((begins[0]?.invoked ?? Number.POSITIVE_INFINITY) < ending.completed)
        underWay.push(...begins.splice(0, 1));
      return { ending, underWay };
    });
}

/** Goes on to the first end of an operation that has not taken effect. Who sees what is there may see it at once. */
function advance({ moment, value, done }: Explanation, moments: readonly Moment[]): Explanation {
  const ahead = new Set(done);
  for (let index = moment; ; index += 1) {
    const { ending, underWay } = moments[index] ?? {};
    for (const operation of underWay ?? []) {
      if (isLook(operation.effect) && isPossible(operation.effect, value)) ahead.add(operation);
    }
    if (ending === undefined || !ahead.delete(ending)) return { moment: index, value, done: ahead };
  }
}

/** Which operations could take effect next; the one that has to is the last. */
function candidates({ moment, value, done }: Explanation, moments: readonly Moment[]): Operation[] {
  const { ending, underWay = [] } = moments[moment] ?? {};
  const tried = new Set<string>();
  const others = underWay.filter((operation) => {
    if (operation === ending || done.has(operation) || !isPossible(operation.effect, value)) return false;
    if (Number.isFinite(operation.completed)) return true;
    // One without an end need not happen where it changes nothing, and of several alike any stands for all.
    if (valueAfter(operation.effect, value) === value) return false;
    const alike = JSON.stringify(operation.effect);
    const isFirst = !tried.has(alike);
    tried.add(alike);
    return isFirst;
  });
  const isReady = ending !== undefined && underWay.includes(ending) && isPossible(ending.effect, value);
  return isReady ? [...others, ending] : others;
}

/** Whether it changes nothing. */
function isLook({ kind }: Effect): boolean {
  return kind === 'read' || kind === 'no-swap';
}

function isPossible(effect: Effect, value: Value): boolean {
  if (effect.kind === 'read') return effect.found === value;
  if (effect.kind === 'swap') return effect.from === value;
  if (effect.kind === 'no-swap') return effect.found === value && effect.from !== value;
  return true;
}

function valueAfter(effect: Effect, value: Value): Value {
  if (effect.kind === 'put') return effect.value;
  if (effect.kind === 'swap') return effect.to;
  return effect.kind === 'delete' ? undefined : value;
}

function keyOf({ moment, value, done }: Explanation, ids: ReadonlyMap<Operation, number>): string {
  const numbers = [...done].map((operation) => ids.get(operation) ?? -1).sort((a, b) => a - b);
  return `${moment} ${numbers.join()} ${JSON.stringify(value)}`;
}

function around(operation: Operation, operations: readonly Operation[]): Operation[] {
  return operations
    .filter(({ invoked, completed }) => invoked < operation.completed && completed > operation.invoked - 40)
    .filter(({ completed }) => Number.isFinite(completed) || completed > operation.invoked)
    .sort((a, b) => a.invoked - b.invoked)
    .slice(-40);
}
