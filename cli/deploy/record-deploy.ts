import { hostname as machineName } from 'node:os';
import type { ClientWorld } from '../../world/client-world.js';
import { type Deployment, serialiseDeployment } from '../../world/deploys/deploy-payload.js';
import { WorldError } from '../../world/errors.js';
import { CliError } from '../errors.js';
import { userName } from '../system/user-name.js';
import type { Prepared } from './prepare-deploy.js';
import { contains } from './read-git-state.js';
import type { RecordState } from './say-what-goes-on.js';

const MAX_TRIES = 5;

/** The position in the log, checked against this commit. */
export interface Position {
  /** The id for the new deploy. */
  readonly id: number;
  /** The app's newest deploy; undefined for its first. */
  readonly previous: number | undefined;
  /** The newest deploy's hash, which the transaction checks again; empty for no check. */
  readonly parentHash: string;
}

/** @throws CliError `hash-chain` when the app's newest deploy is a commit that this one does not contain. */
export async function findPosition(
  world: ClientWorld,
  prepared: Prepared,
  signal: AbortSignal,
): Promise<Position> {
  const newest = await world.getMaxDeployId({ signal });
  // Read later: a deploy in between would take the id.
  const previous = (await world.getApps({ signal })).get(prepared.manifest.name);
  const { git, choices } = prepared;
  const id = newest + 1;
  if (newest === 0 || git === undefined || choices.force) return { id, previous, parentHash: '' };
  const [parentHash, appHash] = await Promise.all(
    [newest, previous ?? 0].map((deploy) => world.getDeployHash(deploy, { signal })),
  );
  if (appHash !== undefined && appHash !== '' && !(await contains(git, appHash, signal))) {
    throw new CliError(
      'hash-chain',
      `Deploy ${previous} is commit ${appHash.slice(0, 10)}, which ${git.head.slice(0, 10)} does not contain: pull first, or pass --force.`,
    );
  }
  return { id, previous, parentHash: parentHash ?? '' };
}

/**
 * Appends the deploy to the log for these hosts. If another deploy wins the race, it tries again behind that one
 * (and checks the commit again), unless a person has confirmed `position`.
 *
 * @returns the id of the deploy
 * @throws CliError `overtaken` or `hash-chain`
 */
export async function recordDeploy(
  world: ClientWorld,
  prepared: Prepared,
  options: {
    readonly tree: string;
    readonly hosts: readonly string[];
    readonly position: Position;
    readonly confirmed: boolean;
    readonly signal: AbortSignal;
    /** Called before each try, and once it is recorded. */
    readonly onRecord?: ((state: RecordState) => void) | undefined;
  },
): Promise<number> {
  const { signal, tree, hosts, onRecord } = options;
  const [user, machine] = [userName(), machineName()];
  const deployment: Deployment = {
    hawser: 1,
    name: prepared.manifest.name,
    message: prepared.choices.message,
    author: `${user}@${machine}`,
    origin: { user, machine },
    createdAt: new Date().toISOString(),
    tree,
    noop: prepared.choices.noop,
    hosts,
    manifest: prepared.manifest,
  };
  let { position } = options;
  for (let tries = 1; ; tries += 1) {
    try {
      onRecord?.({ id: position.id, isRecorded: false });
      const { previous } = position;
      const payload = serialiseDeployment(previous === undefined ? deployment : { ...deployment, previous });
      await world.addDeploy(position.id, prepared.git?.head ?? '', position.parentHash, payload, { signal });
      onRecord?.({ id: position.id, isRecorded: true });
      return position.id;
    } catch (error) {
      if (!(error instanceof WorldError) || error.code !== 'conflict') throw error;
      if (options.confirmed || tries === MAX_TRIES) {
        throw new CliError(
          'overtaken',
          `Someone else made deploy ${position.id} in the meantime: check it, then run this again.`,
        );
      }
    }
    position = await findPosition(world, prepared, signal);
  }
}
