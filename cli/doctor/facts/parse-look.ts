/** What is there at the path of etcd's socket; `hidden`: nobody but others may look. */
type SocketKind = 'socket' | 'other' | 'missing' | 'hidden';

/** A service of systemd, as it says itself. */
export interface UnitFact {
  readonly load: string;
  readonly active: string;
  readonly sub: string;
  readonly result: string;
  /** Whether it starts at boot: `enabled`, `disabled`, `masked`, … */
  readonly file: string;
  readonly restarts: number;
}

/** What the host's own eyes see, besides the facts of `up`. */
export interface LookFact {
  /** Where the agent keeps its data; undefined where the host does not say. */
  readonly disk: { readonly totalBytes: number; readonly freeBytes: number } | undefined;
  readonly inodes: { readonly total: number; readonly free: number } | undefined;
  readonly mount: string;
  /** Undefined where etcd is entered by TCP. */
  readonly socket: SocketKind | undefined;
  /** Whether a program accepts connections there. */
  readonly isListening: boolean;
  /** Undefined without systemd. */
  readonly unit: UnitFact | undefined;
  /** The end of the agent's log; empty where it cannot be read. */
  readonly log: readonly string[];
  /** Of the user who logged in. */
  readonly groups: readonly string[];
  readonly mayEnter: boolean;
}

const MOST_LINES = 100;

/**
 * Reads what `LOOK_SCRIPT` and `SELF_SCRIPT` said. Whatever a host says is data: what has not the form that it should counts
 * as not said. @returns undefined where one of them did not come to its end
 */
export function parseLook(looked: string, self: string): LookFact | undefined {
  const [seen, own] = [readLines(looked), readLines(self)];
  if (seen.get('end') !== 'yes' || own.get('end') !== 'yes') return undefined;
  const [disk, inodes] = [pair(seen.get('disk')), pair(seen.get('inodes'))];
  const socket = seen.get('socket');
  return {
    disk: disk && { totalBytes: disk[0] * 1_024, freeBytes: disk[1] * 1_024 },
    // A file system that makes them as it goes says 0.
    inodes: inodes && inodes[0] > 0 ? { total: inodes[0], free: inodes[1] } : undefined,
    mount: (seen.get('mount') ?? '').slice(0, 200),
    socket: (['socket', 'other', 'missing', 'hidden'] as const).find((kind) => kind === socket),
    isListening: seen.get('listens') === 'yes',
    unit: unitOf(seen.get('unit')),
    log: (seen.get('log') ?? '').split('\n').filter((line) => line.trim() !== ''),
    groups: (own.get('groups') ?? '').split(/\s+/).filter(Boolean).slice(0, MOST_LINES),
    mayEnter: own.get('enters') === 'yes',
  };
}

function readLines(output: string): Map<string, string> {
  const facts = new Map<string, string>();
  for (const line of output.split('\n').slice(0, MOST_LINES)) {
    const [, name, value = ''] = /^([a-z]+) ([A-Za-z0-9+/=]*)$/.exec(line) ?? [];
    if (name !== undefined) facts.set(name, Buffer.from(value, 'base64').toString());
  }
  return facts;
}

function pair(text: string | undefined): readonly [number, number] | undefined {
  const [, one, other] = /^(\d{1,15}) (\d{1,15})$/.exec(text ?? '') ?? [];
  return one === undefined || other === undefined ? undefined : [Number(one), Number(other)];
}

function unitOf(text: string | undefined): UnitFact | undefined {
  if (text === undefined) return undefined;
  const value = (name: string): string =>
    (new RegExp(`^${name}=(.*)$`, 'm').exec(text)?.[1] ?? '').slice(0, 50);
  return {
    load: value('LoadState'),
    active: value('ActiveState'),
    sub: value('SubState'),
    result: value('Result'),
    file: value('UnitFileState'),
    restarts: Number(value('NRestarts')) || 0,
  };
}
