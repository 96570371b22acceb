import type { Log } from '../../base/log.js';
import { packageVersion } from '../../base/package-version.js';
import type { FleetTarget } from '../fleet/merge-target.js';
import { askForward } from './ask-forward.js';
import type { ForwardState } from './control-protocol.js';
import { forwardKey } from './forward-key.js';
import { controlPath, forwardsFolder, isPrivateFolder } from './forward-places.js';

/**
 * The forward in the background that leads to a fleet exactly as this command would go there; undefined if none runs, or
 * it is of no use now.
 */
export async function findForward(
  target: FleetTarget,
  { log, signal }: { readonly log: Log; readonly signal: AbortSignal },
): Promise<ForwardState | undefined> {
  const folder = forwardsFolder();
  if (folder === undefined || !isPrivateFolder(folder)) return undefined;
  const key = forwardKey(target, packageVersion());
  const answer = await askForward(
    controlPath(folder, key),
    { do: 'use', key, seeds: target.seeds },
    { signal },
  );
  if (answer === 'nobody') return undefined;
  if (answer === 'silent' || !('state' in answer)) {
    const why = answer !== 'silent' && 'refused' in answer ? answer.refused : 'it does not answer';
    log('info', `The forward in the background is not used: ${why}.`);
    return undefined;
  }
  const { state } = answer;
  if (state.key !== key || state.status !== 'connected') return undefined;
  log('info', `Using the forward in the background (process ${state.pid}) through ${state.via}.`);
  return state;
}
