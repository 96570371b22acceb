import type { ClientWorld } from '../../../world/client-world.js';
import { CliError } from '../../errors.js';
import type { Lines } from '../../output/escaped-lines.js';
import { lines } from '../../output/print.js';
import { compareManifests } from '../plan/compare-manifests.js';
import { DEPLOY_FS } from '../plan/deploy-fs-url.js';
import { diffTexts } from '../plan/diff-texts.js';
import { formatChanges } from '../plan/format-file-changes.js';
import { type ReadCall, readDeployment } from '../read-deploys.js';

/** Which deploys to compare. */
export interface DiffRequest {
  readonly id: number;
  /** Default the one of the same app before. */
  readonly before?: number;
  readonly showsLines: boolean;
}

/** What changed from one deploy to another: files and settings. @throws CliError `usage` for an id that there is not */
export async function diffDeploys(
  world: ClientWorld,
  { id, before, showsLines }: DiffRequest,
  call: ReadCall,
): Promise<{ value: Readonly<Record<string, unknown>>; text: Lines }> {
  const next = await readDeployment(world, id, call);
  const from = before ?? next.deployment.previous;
  if (from === undefined) {
    const message = `Deploy ${id} is the first of ${next.deployment.name}: name another deploy to compare it with.`;
    throw new CliError('usage', message);
  }
  const old = await readDeployment(world, from, call);
  const changes = await world.diffTrees(old.deployment.tree, next.deployment.tree, call);
  const settings = compareManifests(old.deployment.manifest, next.deployment.manifest);
  const diffs: string[] = [];
  if (showsLines) {
    const read = (tree: string) => async (file: string) =>
      Buffer.from(await world.fs(`${DEPLOY_FS}${tree}`).readFile(`/${file}`, { signal: call.signal }));
    const contents = { before: read(old.deployment.tree), after: read(next.deployment.tree) };
    for await (const changed of diffTexts(changes, contents)) diffs.push('', ...changed);
  }
  const files = formatChanges(changes);
  const text = lines([
    `From deploy ${from} to deploy ${id} of ${next.deployment.name}:`,
    ...(files.length === 0 ? ['  no file changes'] : files),
    ...settings.map(({ key, before: was = 'none', after = 'none' }) => `  ~ ${key}: ${was} → ${after}`),
    ...diffs,
  ]);
  return { value: { from, to: id, changes, settings }, text };
}
