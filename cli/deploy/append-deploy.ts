import type { ClientWorld } from '../../world/client-world.js';
import { type Deployment, serialiseDeployment } from '../../world/deploys/deploy-payload.js';
import { type DeployLockState, readDeployLock } from '../../world/deploys/locks/deploy-locks.js';
import { WorldError } from '../../world/errors.js';
import { getFleet } from '../../world/fleet/stored-identity.js';
import { DEPLOY_NAMESPACE, messageToSign } from '../../world/signatures/deploy-signature.js';
import { CliError } from '../errors.js';
import type { RecordState } from './explain-interruption.js';
import { refuseIfLocked } from './lock/refuse-if-locked.js';
import { type GitPlace, readOrigin } from './read-origin.js';
import { signWithSshKey } from './sign-with-ssh-key.js';

const MAX_TRIES = 5;

/** A position in the log. */
export interface Position {
  /** The id for the new deploy. */
  readonly id: number;
  /** The app's newest deploy; undefined for its first. */
  readonly previous: number | undefined;
  /** The newest deploy's hash, which the transaction checks again; empty for no check. */
  readonly parentHash: string;
  /** Who keeps others from changing the app, if anybody. */
  readonly lock: DeployLockState;
}

/** What to append; who makes it, when and where is added. */
export type DeployDraft = Omit<
  Deployment,
  'hawser' | 'author' | 'origin' | 'createdAt' | 'previous' | 'signature'
>;

export interface AppendOptions {
  /** The commit; empty for none. */
  readonly hash: string;
  readonly position: Position;
  /** Finds the position again after somebody else took it. */
  readonly again: () => Promise<Position>;
  /** Whether a person has confirmed this very position. */
  readonly confirmed: boolean;
  /** Where git says who makes it. */
  readonly gitPlace: GitPlace;
  /** The key to sign with: a file, or `agent`. */
  readonly sign: string | undefined;
  readonly signal: AbortSignal;
  /** Called before each try, and once it is recorded. */
  readonly onRecord?: ((state: RecordState) => void) | undefined;
}

/** The position behind the newest deploy of an app, without a look at commits. */
export async function nextPosition(world: ClientWorld, app: string, signal: AbortSignal): Promise<Position> {
  const { newest, previous, lock } = await readEndOfLog(world, app, signal);
  return { id: newest + 1, previous, parentHash: '', lock };
}

/** The newest deploy, and the newest of an app with who has locked that; another deploy meanwhile takes the id that comes next. */
export async function readEndOfLog(
  world: ClientWorld,
  app: string,
  signal: AbortSignal,
): Promise<{ newest: number; previous: number | undefined; lock: DeployLockState }> {
  const [newest, apps, lock] = await Promise.all([
    world.getMaxDeployId({ signal }),
    world.getApps({ signal }),
    readDeployLock(world.client, app, { signal }),
  ]);
  // An index that does not name the newest deploy may have been read before it was made, unless another program made it.
  const isNew = newest === 0 || [...apps.values()].includes(newest);
  const index = isNew ? apps : await world.getApps({ signal });
  return { newest, previous: index.get(app), lock };
}

/**
 * Appends a deploy to the log. If another one wins the race, it tries again behind that one, unless a person has confirmed
 * the position.
 *
 * @throws CliError `overtaken`, `sign-failed`, `locked`
 */
export async function appendDeploy(
  world: ClientWorld,
  draft: DeployDraft,
  { hash, again, confirmed, gitPlace, sign, signal, onRecord, ...options }: AppendOptions,
): Promise<{ id: number; deployment: Deployment }> {
  const origin = await readOrigin(gitPlace, { sshKey: world.loginKey, signal });
  let { position } = options;
  for (let tries = 1; ; tries += 1) {
    const { id, previous, parentHash, lock } = position;
    refuseIfLocked(draft.name, lock.lock);
    const unsigned: Deployment = {
      hawser: 1,
      ...draft,
      ...{ author: `${origin.user}@${origin.machine}`, origin, createdAt: new Date().toISOString() },
      ...(previous === undefined ? {} : { previous }),
    };
    const deployment = sign === undefined ? unsigned : await signed(world, unsigned, { id, sign, signal });
    try {
      onRecord?.({ id, isRecorded: false });
      await world.addDeploy(
        { id, payload: serialiseDeployment(deployment), hash, parentHash, lockRevision: lock.revision },
        { signal },
      );
      onRecord?.({ id, isRecorded: true });
      return { id, deployment };
    } catch (error) {
      if (!(error instanceof WorldError) || error.code !== 'conflict') throw error;
      if (confirmed || tries === MAX_TRIES) {
        throw new CliError(
          'overtaken',
          `Someone else made deploy ${id} in the meantime: check it, then run this again.`,
        );
      }
    }
    position = await again();
  }
}

/** @throws CliError `usage` in a fleet without an identity, for which no signature could count */
async function signed(
  world: ClientWorld,
  deployment: Deployment,
  { id, sign, signal }: { readonly id: number; readonly sign: string; readonly signal: AbortSignal },
): Promise<Deployment> {
  const fleet = await getFleet(world.client, { signal });
  if (fleet === undefined)
    throw new CliError(
      'usage',
      'Deploys can be signed only in a fleet that hawser made: this cluster has no identity.',
    );
  const message = messageToSign({ id, fleet: fleet.uuid }, deployment);
  const signature = await signWithSshKey(sign, message, { namespace: DEPLOY_NAMESPACE, signal });
  return { ...deployment, signature };
}
