import { isUtf8 } from 'node:buffer';
import { describeKey } from '../../world/client/error/name-key-for-users.js';
import { parseDeployment } from '../../world/deploys/deploy-payload.js';
import type { RevisionChanges, StoredChange } from '../../world/history/read-history.js';
import { DEPLOY_PREFIX } from '../../world/keys.js';
import { formatBytes } from '../output/format-quantities.js';

/** How much of a value is shown in a line. */
const MOST_CHARACTERS = 60;

/** A stored value for programs: text, or base64 where it is no text; null where there was none. */
export type ShownValue = string | { readonly base64: string } | null;

/** One change for programs. */
export interface ShownChange {
  readonly key: string;
  /** What people call it. */
  readonly name: string;
  readonly before: ShownValue;
  readonly after: ShownValue;
}

/** One revision for programs; `at` and `who` where they are known. */
export interface ShownRevision {
  readonly revision: number;
  readonly at?: string;
  readonly who?: string;
  readonly changes: readonly ShownChange[];
}

export function showChange({ key, before, after }: StoredChange): ShownChange {
  return { key, name: describeKey(key), before: shownValue(before), after: shownValue(after) };
}

export function showRevision({ revision, changes }: RevisionChanges): ShownRevision {
  return { revision: Number(revision), ...authorOf(changes), changes: changes.map(showChange) };
}

/** What happened to a key, in a line. */
export function describeChange({ key, before, after }: StoredChange): string {
  const name = describeKey(key);
  if (after === undefined) return `${name} deleted (was ${brief(before)})`;
  const deploy = /^\/deploy\/\d+\/payload$/.test(key) ? parseDeployment(after.toString()) : undefined;
  if (deploy !== undefined) {
    const message = deploy.message === '' ? '' : `: ${deploy.message}`;
    return `${name} of ${deploy.name} recorded${message}`;
  }
  return before === undefined
    ? `${name} set to ${brief(after)}`
    : `${name}: ${brief(before)} → ${brief(after)}`;
}

/** The lines of a revision; what only accompanies a deploy is left out. */
export function describeRevision({ changes }: RevisionChanges): readonly string[] {
  const isPayload = ({ key }: StoredChange) => key.startsWith(DEPLOY_PREFIX) && key.endsWith('/payload');
  const shown = changes.filter(({ key }) => !(key.startsWith(DEPLOY_PREFIX) && key.endsWith('/hash')));
  const payloads = shown.filter(isPayload);
  return (payloads.length > 0 ? payloads : shown).map(describeChange);
}

/** Who wrote it and when: etcd notes neither, but a deploy does. */
function authorOf(changes: readonly StoredChange[]): { readonly at?: string; readonly who?: string } {
  for (const { key, after } of changes) {
    if (after === undefined || !key.startsWith(DEPLOY_PREFIX)) continue;
    const deployment = parseDeployment(after.toString());
    if (deployment === undefined) continue;
    const { origin, author, createdAt } = deployment;
    return { at: createdAt, who: origin === undefined ? author : `${origin.user}@${origin.machine}` };
  }
  return {};
}

function shownValue(value: Buffer | undefined): ShownValue {
  if (value === undefined) return null;
  return isUtf8(value) ? value.toString() : { base64: value.toString('base64') };
}

function brief(value: Buffer | undefined): string {
  if (value === undefined) return 'nothing';
  if (!isUtf8(value)) return `${formatBytes(value.length)} of binary data`;
  const text = value.toString();
  return text.length <= MOST_CHARACTERS
    ? JSON.stringify(text)
    : `${JSON.stringify(text.slice(0, MOST_CHARACTERS))}… (${formatBytes(value.length)})`;
}
