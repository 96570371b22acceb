// What a command and a forward in the background say to each other at the control socket: one line of JSON each way.

/** A longer line is from none of us. */
export const MAX_LINE_BYTES = 262_144;

/** `use`: open a way to each seed, and count as use; refused for another key. `look`: tell how it is. `stop`: end. */
export type ControlRequest =
  | { readonly do: 'use'; readonly key: string; readonly seeds: readonly string[] }
  | { readonly do: 'look' }
  | { readonly do: 'stop' };

/** A way to a seed. */
export interface Way {
  readonly seed: string;
  /** The local end: `unix:///…`. */
  readonly address: string;
}

/** How a forward is. */
export interface ForwardState {
  readonly key: string;
  /** The fleet's name, or where SSH goes. */
  readonly label: string;
  readonly version: string;
  readonly pid: number;
  /** `user@host:port`. */
  readonly via: string;
  /** Of the tunnel: `connected`, `connecting`, `waiting`. */
  readonly status: string;
  /** ISO 8601. */
  readonly since: string;
  readonly ways: readonly Way[];
  readonly connections: number;
  readonly idleMs: number;
  /** How long it may be idle. */
  readonly maxIdleMs: number;
}

export type ControlReply =
  | { readonly state: ForwardState }
  /** Why it was not done. */
  | { readonly refused: string }
  | { readonly isStopping: true };

/** Reads a request; undefined for anything else. */
export function parseRequest(line: string): ControlRequest | undefined {
  const { do: what, key, seeds } = objectOf(line);
  if (what === 'look' || what === 'stop') return { do: what };
  const isUse = what === 'use' && typeof key === 'string' && Array.isArray(seeds) && seeds.every(isText);
  return isUse ? { do: 'use', key, seeds } : undefined;
}

/** Reads a reply; undefined for anything else. */
export function parseReply(line: string): ControlReply | undefined {
  const { state, refused, isStopping } = objectOf(line);
  if (typeof refused === 'string') return { refused };
  if (isStopping === true) return { isStopping };
  return isState(state) ? { state } : undefined;
}

const TEXTS: readonly (keyof ForwardState)[] = ['key', 'label', 'version', 'via', 'status', 'since'];
const NUMBERS: readonly (keyof ForwardState)[] = ['pid', 'connections', 'idleMs', 'maxIdleMs'];

function isState(value: unknown): value is ForwardState {
  if (typeof value !== 'object' || value === null) return false;
  const state = value as Partial<Record<keyof ForwardState, unknown>>;
  return (
    TEXTS.every((name) => isText(state[name])) &&
    NUMBERS.every((name) => typeof state[name] === 'number') &&
    Array.isArray(state.ways) &&
    state.ways.every((way: Partial<Record<keyof Way, unknown>>) => isText(way?.seed) && isText(way.address))
  );
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function objectOf(line: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(line)) as Readonly<Record<string, unknown>>;
  } catch {
    return {};
  }
}
