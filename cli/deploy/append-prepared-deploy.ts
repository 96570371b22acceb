import type { ClientWorld } from '../../world/client-world.js';
import type { Deployment } from '../../world/deploys/deploy-payload.js';
import { CliError } from '../errors.js';
import { appendDeploy, type Position, readEndOfLog } from './append-deploy.js';
import type { RecordState } from './explain-interruption.js';
import type { Prepared } from './prepare-deploy.js';
import { contains } from './read-git-state.js';
import type { GitPlace } from './read-origin.js';
import type { Targets } from './read-target-hosts.js';

/** @throws CliError `hash-chain` when the app's newest deploy is a commit that this one does not contain. */
export async function findPosition(
  world: ClientWorld,
  prepared: Prepared,
  signal: AbortSignal,
): Promise<Position> {
  const { newest, previous, lock } = await readEndOfLog(world, prepared.manifest.name, signal);
  const { git, choices } = prepared;
  const id = newest + 1;
  if (newest === 0 || git === undefined || choices.force) return { id, previous, parentHash: '', lock };
  const [parentHash, appHash] = await Promise.all(
    [newest, previous ?? 0].map((deploy) => world.getDeployHash(deploy, { signal })),
  );
  if (appHash !== undefined && appHash !== '' && !(await contains(git, appHash, signal))) {
    throw new CliError(
      'hash-chain',
      `Deploy ${previous} is commit ${appHash.slice(0, 10)}, which ${git.head.slice(0, 10)} does not contain: pull first, or pass --force.`,
    );
  }
  return { id, previous, parentHash: parentHash ?? '', lock };
}

/** What to record of a prepared directory. */
export interface Recording {
  readonly tree: string;
  readonly targets: Targets;
  readonly allowMissing: boolean;
  readonly action: Deployment['action'];
  readonly position: Position;
  /** Whether a person has confirmed this very position. */
  readonly confirmed: boolean;
  readonly sign: string | undefined;
  readonly signal: AbortSignal;
  readonly onRecord?: ((state: RecordState) => void) | undefined;
}

/**
 * Appends the deploy to the log for these hosts.
 *
 * @throws CliError as `appendDeploy`, and `hash-chain`
 */
export function recordDeploy(
  world: ClientWorld,
  prepared: Prepared,
  { tree, targets, allowMissing, action, ...options }: Recording,
): Promise<{ id: number; deployment: Deployment }> {
  const { manifest, choices, git } = prepared;
  const draft = {
    ...{ name: manifest.name, message: choices.message, tree, noop: choices.noop, manifest },
    hosts: [...targets.live, ...targets.away].sort(),
    ...(targets.away.length === 0 ? {} : { away: targets.away }),
    ...(allowMissing ? { allowMissing } : {}),
    ...(action === undefined ? {} : { action }),
  };
  return appendDeploy(world, draft, {
    ...options,
    hash: git?.head ?? '',
    gitPlace: choices.git ? placeOf(choices.folder, git) : 'nobody',
    again: () => findPosition(world, prepared, options.signal),
  });
}

function placeOf(folder: string, git: Prepared['git']): GitPlace {
  return git === undefined ? 'anywhere' : { folder, root: git.root };
}
