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
}

export function isMet({ got, sense, wanted }: Check): boolean {
  return sense === 'at least' ? got >= wanted : got <= wanted;
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
  const judged = checks.map(
    (check) =>
      `  ${isMet(check) ? 'met   ' : 'MISSED'}  ${check.what}: ${formatNumber(check.got)} (${check.sense} ${check.wanted})`,
  );
  return [`\n${title}`, ...lines, ...judged, ...notes.map((note) => `  note: ${note}`), ''].join('\n');
}

function formatNumber(value: number | undefined): string {
  if (value === undefined) return '-';
  if (Number.isNaN(value)) return '?';
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
