import type { Lines } from '../../output/escaped-lines.js';
import { formatTable } from '../../output/print.js';
import type { DeploySummary } from '../read-deploys.js';

/** How much of a fingerprint tells keys apart. */
const FINGERPRINT_CHARACTERS = 8;

/** The deploy log as a table that fits on most terminals: shortened, and without the columns in which there is nothing. */
export function formatDeploys(list: readonly DeploySummary[]): Lines {
  const columns: readonly (readonly [head: string, cell: (deploy: DeploySummary) => string])[] = [
    ['ID', ({ id }) => String(id)],
    ['APP', ({ app }) => app],
    ['WHAT', ({ action }) => action],
    ['VERDICT', ({ verdict }) => verdict],
    ['WHEN (UTC)', ({ createdAt }) => createdAt.replace('T', ' ').slice(0, 16)],
    ['BY', ({ author }) => author],
    ['GIT', ({ origin }) => shortName(origin?.git)],
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

/** Without the address, where there is a name. */
function shortName(identity = ''): string {
  return identity.replace(/(?<=\S) +<[^<>]*>$/, '');
}

function shortKey(fingerprint = ''): string {
  const digest = fingerprint.replace(/^SHA256:/, '');
  return digest.length > FINGERPRINT_CHARACTERS ? `${digest.slice(0, FINGERPRINT_CHARACTERS)}…` : digest;
}
