import type { Lines } from '../../output/escaped-lines.js';
import { formatTable } from '../../output/print.js';
import type { DeploySummary } from '../read-deploys.js';

/** How much of a fingerprint tells keys apart. */
const FINGERPRINT_CHARACTERS = 'SHA256:'.length + 8;

/** The deploy log as a table, without the columns in which there is nothing. */
export function formatDeploys(list: readonly DeploySummary[]): Lines {
  const columns: readonly (readonly [head: string, cell: (deploy: DeploySummary) => string])[] = [
    ['ID', ({ id }) => String(id)],
    ['APP', ({ app }) => app],
    ['WHAT', ({ action }) => action],
    ['VERDICT', ({ verdict }) => verdict],
    ['WHEN (UTC)', ({ createdAt }) => createdAt.replace('T', ' ').slice(0, 19)],
    ['BY', ({ author }) => author],
    ['GIT', ({ origin }) => origin?.git ?? ''],
    ['SSH KEY', ({ origin }) => shortKey(origin?.sshKey)],
    ['COMMIT', ({ hash }) => hash.slice(0, 10)],
    ['MESSAGE', ({ message }) => message],
  ];
  const shown = columns.filter(([, cell]) => list.some((deploy) => cell(deploy) !== ''));
  return formatTable(
    shown.map(([head]) => head),
    list.map((deploy) => shown.map(([, cell]) => cell(deploy))),
  );
}

function shortKey(fingerprint = ''): string {
  return fingerprint.length > FINGERPRINT_CHARACTERS
    ? `${fingerprint.slice(0, FINGERPRINT_CHARACTERS)}…`
    : fingerprint;
}
