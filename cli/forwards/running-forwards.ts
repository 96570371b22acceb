import { readdirSync } from 'node:fs';
import path from 'node:path';
import { isAbsent } from '../system/user-folders.js';
import { askForward } from './ask-forward.js';
import type { ForwardState } from './control-protocol.js';
import { CONTROL_NAME, controlPath, forwardsFolder, isPrivateFolder } from './forward-places.js';

/** The forwards of this person that run in the background, the oldest first. What dead ones left is removed. */
export async function runningForwards(signal: AbortSignal): Promise<ForwardState[]> {
  const folder = forwardsFolder();
  if (folder === undefined) return [];
  const asked = controlFiles(folder).map(async (file) => {
    const answer = await askForward(file, { do: 'look' }, { signal });
    return typeof answer === 'object' && 'state' in answer ? [answer.state] : [];
  });
  const found = (await Promise.all(asked)).flat();
  return found.sort((a, b) => (a.since < b.since ? -1 : 1));
}

/** Tells a forward to end. @returns whether it was there and does */
export async function stopForward({ key }: Pick<ForwardState, 'key'>, signal: AbortSignal): Promise<boolean> {
  const folder = forwardsFolder();
  if (folder === undefined || !isPrivateFolder(folder)) return false;
  const answer = await askForward(controlPath(folder, key), { do: 'stop' }, { signal });
  return typeof answer === 'object' && 'isStopping' in answer;
}

function controlFiles(folder: string): string[] {
  if (!isPrivateFolder(folder)) return [];
  try {
    return readdirSync(folder)
      .filter((name) => CONTROL_NAME.test(name))
      .map((name) => path.join(folder, name));
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}
