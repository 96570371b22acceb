import { SESSION_TTL_SECONDS } from '../constants.js';
import { WorldError } from '../errors.js';
import { checkHostname } from '../validate-names.js';

export const DEFAULT_STRATEGY = 'rr';

/** How a host takes part in a schedule. Give all hosts of a schedule the same; where they differ, the newest counts. */
export interface SchedulerOptions {
  /** How hosts are chosen: `rr`, `alpha`, `spread`, `capacity`, or one that was registered. Default `rr`. */
  readonly strategy?: string | undefined;
  /** The most hosts to choose; 0 for no limit. Default 0. */
  readonly maxCount?: number | undefined;
  /** The host stays a candidate when its session ends, until it is withdrawn. Default false. */
  readonly persist?: boolean | undefined;
  /** How many seconds after its death a host leaves the schedule. Default {@link SESSION_TTL_SECONDS}. */
  readonly sessionTtlSeconds?: number | undefined;
  /** The only hosts that may be chosen. Default: any. */
  readonly hostsFilter?: readonly string[] | undefined;
  /** For `spread`: the label whose values the chosen hosts are spread over. Default `zone`. */
  readonly spreadBy?: string | undefined;
  /** Labels of this host, such as `{ zone: 'north' }`. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** For `capacity`: the free capacity of this host, in any unit, not counting what this schedule uses. */
  readonly capacity?: number | undefined;
}

/** The options of a candidate as they are stored, with every default filled in. */
export interface StoredOptions {
  readonly strategy: string;
  /** 0 for no limit. */
  readonly maxCount: number;
  readonly persist: boolean;
  readonly sessionTtlSeconds: number;
  readonly hostsFilter: readonly string[];
  readonly spreadBy: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly capacity: number | undefined;
}

/** mgmt takes 0 for "none" and nothing for 1, so "no limit" is written as the largest number. */
const NO_LIMIT = 2_147_483_647;

/** What mgmt takes where a key says nothing of it. */
const STORED_DEFAULT_MAX_COUNT = 1;

const DEFAULT_SPREAD_BY = 'zone';

/** @throws WorldError `invalid` naming the option, what it can be and what it is. */
export function toStoredOptions(options: SchedulerOptions): StoredOptions {
  const { strategy = DEFAULT_STRATEGY, maxCount = 0, persist = false, capacity } = options;
  const { sessionTtlSeconds = SESSION_TTL_SECONDS, hostsFilter = [], labels = {} } = options;
  const { spreadBy = DEFAULT_SPREAD_BY } = options;
  if (!isCount(maxCount)) throw refused('maxCount', 'a whole number from 0', maxCount);
  if (!isCount(sessionTtlSeconds) || sessionTtlSeconds === 0)
    throw refused('sessionTtlSeconds', 'a whole number from 1', sessionTtlSeconds);
  if (capacity !== undefined && !(Number.isFinite(capacity) && capacity >= 0))
    throw refused('capacity', 'a number from 0', capacity);
  for (const hostname of hostsFilter) checkHostname(hostname);
  for (const name of [spreadBy, ...Object.keys(labels)])
    if (name === '' || name.includes('=')) throw refused('a label', 'a name without "="', name);
  return { strategy, maxCount, persist, sessionTtlSeconds, hostsFilter, spreadBy, labels, capacity };
}

/** The query string that mgmt reads too; it passes over the parameters that it does not know. */
export function serialiseOptions(options: StoredOptions): string {
  const parameters: [string, string][] = [
    ['strategy', options.strategy],
    ['maxCount', String(options.maxCount === 0 ? NO_LIMIT : options.maxCount)],
    ['persist', String(options.persist)],
    ['sessionTTL', String(options.sessionTtlSeconds)],
  ];
  const query = new URLSearchParams(parameters);
  for (const hostname of options.hostsFilter) query.append('hostsFilter', hostname);
  if (options.spreadBy !== DEFAULT_SPREAD_BY) query.append('spreadBy', options.spreadBy);
  for (const [name, value] of Object.entries(options.labels)) query.append('label', `${name}=${value}`);
  if (options.capacity !== undefined) query.append('capacity', String(options.capacity));
  return query.toString();
}

/** Reads options that any program may have written. @throws WorldError `invalid` naming the parameter. */
export function parseOptions(text: string): StoredOptions {
  const query = new URLSearchParams(text);
  const maxCount = wholeNumber(query, 'maxCount') ?? STORED_DEFAULT_MAX_COUNT;
  const sessionTtl = wholeNumber(query, 'sessionTTL') ?? SESSION_TTL_SECONDS;
  return {
    strategy: query.get('strategy') || DEFAULT_STRATEGY,
    maxCount: maxCount < 0 || maxCount >= NO_LIMIT ? 0 : maxCount,
    persist: truth(query, 'persist'),
    sessionTtlSeconds: sessionTtl,
    hostsFilter: query.getAll('hostsFilter').filter((hostname) => hostname !== ''),
    spreadBy: query.get('spreadBy') || DEFAULT_SPREAD_BY,
    labels: Object.fromEntries(query.getAll('label').map(splitLabel)),
    capacity: amount(query, 'capacity'),
  };
}

/** @throws WorldError `invalid` */
export function checkScheduleNamespace(namespace: string): void {
  if (namespace === '' || namespace.includes('/') || namespace.includes('\0')) {
    const message = `"${namespace}" is not a valid schedule namespace: it must be non-empty and must not contain a slash.`;
    throw new WorldError('invalid', message);
  }
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value < NO_LIMIT;
}

function refused(option: string, expected: string, actual: unknown): WorldError {
  return new WorldError('invalid', `${option} must be ${expected}, not ${JSON.stringify(actual)}.`);
}

function wholeNumber(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (!/^[+-]?\d{1,15}$/.test(text)) throw unreadable(name, 'a whole number', text);
  return Number(text);
}

function amount(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!Number.isFinite(value) || value < 0) throw unreadable(name, 'a number from 0', text);
  return value;
}

/** The words that Go reads as booleans. */
function truth(query: URLSearchParams, name: string): boolean {
  const text = query.get(name);
  if (text === null || /^(0|f|F|FALSE|false|False)$/.test(text)) return false;
  if (/^(1|t|T|TRUE|true|True)$/.test(text)) return true;
  throw unreadable(name, 'true or false', text);
}

function splitLabel(text: string): readonly [string, string] {
  const at = text.indexOf('=');
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

function unreadable(name: string, expected: string, text: string): WorldError {
  return new WorldError('invalid', `${name} is "${text}", which is not ${expected}`);
}
