import { processOfUnit } from './parse-found-logs.js';

/** One line of a log. */
export interface LogLine {
  /** When it was written, as far as it says so; a line without a time has that of the one before it. */
  readonly atMs: number | undefined;
  /** Whether that is its own. */
  readonly isTimed: boolean;
  readonly text: string;
}

/** With a zone only: without one nobody knows which the app means. */
const TIME = /^\[?(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,3})\d*)? ?(Z|[+-]\d\d:?\d\d)/;

/** When a line says that it was written, in its first word; undefined where it does not. */
export function timeOf(line: string): number | undefined {
  const [, date, time, fraction = '0', zone = ''] = TIME.exec(line) ?? [];
  if (date === undefined) return undefined;
  const colon = zone.replace(/^([+-]\d\d):?(\d\d)$/, '$1:$2');
  const ms = Date.parse(`${date}T${time}.${fraction.padEnd(3, '0')}${colon}`);
  return Number.isNaN(ms) ? undefined : ms;
}

/** Reads the lines of one file, one after the other. Lines that say that they were written before `sinceMs` are left out. */
export function fileLineReader(sinceMs: number | undefined): (line: string) => LogLine | undefined {
  let lastMs: number | undefined;
  return (text) => {
    const own = timeOf(text);
    lastMs = own ?? lastMs;
    if (sinceMs !== undefined && lastMs !== undefined && lastMs < sinceMs) return undefined;
    return { atMs: lastMs, isTimed: own !== undefined, text };
  };
}

/** Reads what journalctl says of a process. Whoever may write to the journal could claim to be it: those lines are left out. */
export function journalLineReader(app: string, process: string): (line: string) => LogLine | undefined {
  return (line) => {
    const entry = parseEntry(line);
    if (entry === undefined) return undefined;
    // systemd says what becomes of a unit from a unit of its own.
    const unit = entry['_PID'] === '1' ? entry['UNIT'] : entry['_SYSTEMD_UNIT'];
    if (typeof unit !== 'string' || processOfUnit(unit, app) !== process) return undefined;
    const us = entry['__REALTIME_TIMESTAMP'];
    const atMs = typeof us === 'string' && /^\d{1,17}$/.test(us) ? Math.floor(Number(us) / 1_000) : undefined;
    return { atMs, isTimed: atMs !== undefined, text: messageOf(entry['MESSAGE']) };
  };
}

function parseEntry(line: string): Record<string, unknown> | undefined {
  try {
    const entry: unknown = JSON.parse(line);
    return typeof entry === 'object' && entry !== null ? (entry as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** What is no text comes as an array of its bytes. */
function messageOf(message: unknown): string {
  if (typeof message === 'string') return message;
  const isBytes = Array.isArray(message) && message.every((byte) => typeof byte === 'number');
  return isBytes ? Buffer.from(message as number[]).toString() : '';
}
