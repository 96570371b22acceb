import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import type { ClientWorld } from '../../../world/client-world.js';
import { DEPLOY_FS } from './deploy-fs-url.js';
import { diffTexts } from './diff-texts.js';
import type { DeployPlan } from './plan-deploy.js';

/** The lines that change for each group of hosts, as `diff -u` writes them. */
export async function formatDiffs(
  world: ClientWorld,
  { groups }: DeployPlan,
  folder: string,
  signal: AbortSignal,
): Promise<string[]> {
  const found: string[] = [];
  for (const { tree, changes, hosts } of groups) {
    if (changes.length === 0) continue;
    if (groups.length > 1) found.push('', `What changes on ${hosts.join(', ')}:`);
    const stored = tree === undefined ? undefined : world.fs(`${DEPLOY_FS}${tree}`);
    const contents = {
      before: async (file: string) =>
        stored === undefined ? Buffer.alloc(0) : Buffer.from(await stored.readFile(`/${file}`, { signal })),
      after: (file: string) => readOwnFile(path.join(folder, file)),
    };
    for await (const changed of diffTexts(changes, contents)) found.push('', ...changed);
  }
  return found;
}

/** Never through a link that took the file's place. */
async function readOwnFile(file: string): Promise<Buffer> {
  await using handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  return await handle.readFile();
}
