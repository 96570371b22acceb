import type { MetricFamily, Sample } from './metric-family.js';

/** A metric that is 1 or 0, a number, or (undefined) not there. */
export function gauge(name: string, help: string, value: number | boolean | undefined): MetricFamily {
  const samples = value === undefined ? [] : [{ value: Number(value) }];
  return { name, type: 'gauge', help, samples };
}

/** One sample for each value that a label may have, of which one is 1. */
export function oneOf(
  label: string,
  possible: readonly string[],
  current: string,
  labels: Readonly<Record<string, string>> = {},
): Sample[] {
  return possible.map((value) => ({
    labels: { ...labels, [label]: value },
    value: Number(value === current),
  }));
}

/** One sample for each of these counts that is known. */
export function counts(label: string, known: Readonly<Record<string, number | undefined>>): Sample[] {
  return Object.entries(known).flatMap(([name, value]) =>
    value === undefined ? [] : [{ labels: { [label]: name }, value }],
  );
}

/** The epoch seconds of an ISO 8601 time. */
export function secondsOf(time: string): number {
  return Date.parse(time) / 1_000;
}
