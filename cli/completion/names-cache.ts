import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { FleetTarget } from '../fleet/merge-target.js';
import { couldOthersWrite, readConfigFile } from '../fleet/read-config-file.js';
import { makePrivateFolder, writePrivateFile } from '../system/private-files.js';
import { hasHome, ownCacheFolder } from '../system/user-folders.js';

/** What a fleet was seen to have, by commands that talked to it. */
export interface SeenNames {
  readonly apps?: readonly string[];
  readonly hosts?: readonly string[];
}

interface SeenFleet extends Required<SeenNames> {
  /** The fleet's name, if it has one here. */
  readonly fleet: string | null;
}

/** More is of no use in a list of completions. */
const MOST_NAMES = 500;

/**
 * What is offered at TAB is put into the command line as it is, and names come from a fleet that somebody else may have written
 * to: what a shell could take for anything else than a word is left out.
 */
const SAFE_WORD = /^[A-Za-z0-9][A-Za-z0-9._@:/+-]{0,252}$/;

export function isSafeWord(word: string): boolean {
  return SAFE_WORD.test(word);
}

/** Remembers names for completion, which must not talk to any host. It is no reason for a command to fail. */
export async function rememberNames(
  { fleetName, sshUrls, seeds }: Pick<FleetTarget, 'fleetName' | 'sshUrls' | 'seeds'>,
  { apps, hosts }: SeenNames,
): Promise<void> {
  if (!hasHome()) return;
  try {
    const folder = seenFolder();
    const id = createHash('sha256')
      .update(JSON.stringify([fleetName ?? null, sshUrls, seeds]))
      .digest('hex');
    const file = path.join(folder, `${id.slice(0, 16)}.json`);
    const before = await recall(file);
    const now = {
      fleet: fleetName ?? null,
      apps: apps === undefined ? (before?.apps ?? []) : safe(apps),
      hosts: hosts === undefined ? (before?.hosts ?? []) : safe(hosts),
    };
    if (JSON.stringify(before) === JSON.stringify(now)) return;
    await makePrivateFolder(folder, 'Cannot keep names in');
    await writePrivateFile(file, `${JSON.stringify(now)}\n`);
  } catch {
    // No home, no space: there is nothing to complete with, and nothing else is lost.
  }
}

/** The names of a fleet, or of all fleets. */
export async function recallNames(fleet: string | undefined): Promise<Required<SeenNames>> {
  const folder = seenFolder();
  const files = (await readdir(folder)).filter((name) => /^[0-9a-f]{16}\.json$/.test(name));
  const all = await Promise.all(files.map((name) => recall(path.join(folder, name))));
  const known = all.flatMap((seen) => (seen === undefined ? [] : [seen]));
  const own = known.filter((seen) => seen.fleet === fleet);
  const meant = own.length > 0 ? own : known;
  return {
    apps: safe(meant.flatMap(({ apps }) => apps)),
    hosts: safe(meant.flatMap(({ hosts }) => hosts)),
  };
}

async function recall(file: string): Promise<SeenFleet | undefined> {
  const found = await readConfigFile(file);
  if (found === undefined || (await couldOthersWrite(found))) return undefined;
  const { fleet, apps, hosts } = Object(JSON.parse(found.content.toString())) as Record<string, unknown>;
  if (!Array.isArray(apps) || !Array.isArray(hosts)) return undefined;
  return {
    fleet: typeof fleet === 'string' ? fleet : null,
    apps: apps.map(String),
    hosts: hosts.map(String),
  };
}

function seenFolder(): string {
  return path.join(ownCacheFolder(), 'seen');
}

function safe(names: readonly string[]): string[] {
  return [...new Set(names.filter(isSafeWord))].sort().slice(0, MOST_NAMES);
}
