import { CONFIDENCE, type Interval, median, medianInterval } from './statistics.js';

/** What was measured of one topic: a table, and how it compares with what is wanted. */
export interface Topic {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
  readonly checks: readonly Check[];
  /** What a reader must know to judge the numbers. */
  readonly notes?: readonly string[];
}

export interface Row {
  readonly name: string;
  /** A value that was not measured is undefined. */
  readonly values: readonly (number | undefined)[];
}

export interface Check {
  readonly what: string;
  readonly got: number;
  readonly sense: 'at least' | 'at most';
  readonly wanted: number;
  /** For a ratio of two things that were measured in turns: that of each turn, whose median is `got`. */
  readonly ratios?: readonly number[];
}

/** Two things that take as long differ by so much from one run to the next. */
const NOISE = 0.05;

export interface Comparison extends Pick<Check, 'what' | 'sense' | 'wanted'> {
  /** What was measured, turn by turn. */
  readonly of: readonly number[];
  /** What it is divided by: the same number of turns, each measured beside that of `of`. */
  readonly against: readonly number[];
}

/** A check of how one thing compares with another in the same turn, so that what slows down both counts for neither. */
export function compare({ of, against, ...rest }: Comparison): Check {
  const ratios = of.map((value, turn) => value / (against[turn] ?? Number.NaN));
  return { ...rest, got: median(ratios), ratios };
}

/** A ratio that is to be 1 is met by one that is 1 but for the noise. */
export function isMet({ got, sense, wanted, ratios }: Check): boolean {
  const noise = ratios !== undefined && wanted === 1 ? NOISE : 0;
  return sense === 'at least' ? got >= wanted - noise : got <= wanted + noise;
}

/** Whether a target was missed beyond what chance explains; of what was measured a few times nobody knows. */
export function isMissedForSure(check: Check): boolean {
  const interval = medianInterval(check.ratios ?? []);
  if (isMet(check) || interval === undefined || interval.confidence < CONFIDENCE) return false;
  return check.sense === 'at least' ? interval.high < check.wanted : interval.low > check.wanted;
}

/** A topic as text for people. */
export function format({ title, columns, rows, checks, notes = [] }: Topic): string {
  const cells = [['', ...columns], ...rows.map(({ name, values }) => [name, ...values.map(formatNumber)])];
  const widths =
    cells[0]?.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0))) ?? [];
  const lines = cells.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  '),
  );
  return [
    `\n${title}`,
    ...lines,
    ...checks.map(formatCheck),
    ...notes.map((note) => `  note: ${note}`),
    '',
  ].join('\n');
}

function formatCheck(check: Check): string {
  const { what, got, sense, wanted, ratios = [] } = check;
  const verdict = isMet(check) ? 'met   ' : 'MISSED';
  const interval = medianInterval(ratios);
  const sureness = interval === undefined ? '' : `; ${formatInterval(interval)}`;
  return `  ${verdict}  ${what}: ${formatNumber(got)} (${sense} ${wanted}${sureness})`;
}

function formatInterval({ low, high, confidence }: Interval): string {
  return `${Math.round(confidence * 100)} % sure: ${formatNumber(low)} to ${formatNumber(high)}`;
}

function formatNumber(value: number | undefined): string {
  if (value === undefined) return '-';
  if (Number.isNaN(value)) return '?';
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
