import { visible } from '../output/escape-controls.js';
import type { Lines } from '../output/escaped-lines.js';
import { formatTable, lines } from '../output/print.js';
import type { Examination } from './examine.js';

const MARKS = { ok: 'ok', skipped: '-', wrong: 'WRONG' } as const;

/** How much of what a check saw is shown in its line. */
const MOST_SAID = 300;

/** One host: a line for each check, and what is wrong in full. */
export function formatExamination(examined: Examination): Lines {
  const rows = examined.checks.map(({ title, finding }) => [
    MARKS[finding.state],
    title,
    finding.state === 'wrong' ? finding.problem.code : finding.said.slice(0, MOST_SAID),
  ]);
  const { host, destination, problem } = examined;
  const name = host === destination ? host : `${host} (${destination})`;
  return lines([
    formatTable(['', 'CHECK', name], rows),
    '',
    ...(problem === undefined ? [`${visible(host)}: OK`] : problemLines(examined)),
  ]);
}

/** Several hosts: a line for each, then what is wrong with each in full. */
export function formatExaminations(all: readonly Examination[]): Lines {
  const rows = all.map(({ host, destination, problem, checks }) => [
    host,
    destination,
    problem === undefined ? 'ok' : 'WRONG',
    problem === undefined
      ? `${checks.filter(({ finding }) => finding.state === 'ok').length} checks`
      : problem.code,
  ]);
  const ill = all.filter(({ problem }) => problem !== undefined);
  return lines([
    formatTable(['HOST', 'DESTINATION', '', 'FOUND'], rows),
    ...ill.flatMap((one) => ['', ...problemLines(one)]),
    '',
    ill.length === 0 ? 'OK' : `${ill.length} of ${all.length} hosts need attention.`,
  ]);
}

function problemLines({ host, problem }: Examination): string[] {
  if (problem === undefined) return [];
  return [`${host}: ${problem.message}`, `To mend it: ${problem.remedy}`];
}

/** For programs. */
export function examinationsToJson(all: readonly Examination[]): unknown {
  return {
    ok: all.every(({ problem }) => problem === undefined),
    hosts: all.map(({ host, destination, checks, problem }) => ({
      host,
      destination,
      ok: problem === undefined,
      checks: checks.map(({ check, finding }) => ({
        check,
        state: finding.state,
        said: finding.state === 'wrong' ? finding.problem.message : finding.said,
      })),
      problem: problem ?? null,
    })),
  };
}
