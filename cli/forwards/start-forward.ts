import { pause } from '../../base/abort.js';
import type { Log } from '../../base/log.js';
import { packageVersion } from '../../base/package-version.js';
import { CliError } from '../errors.js';
import type { ConnectionFlags } from '../fleet/connection-flags.js';
import type { FleetTarget } from '../fleet/merge-target.js';
import { askFor } from '../prompts/ask-ssh-questions.js';
import { workingFolder } from '../system/user-folders.js';
import { absoluteFlags } from './absolute-flags.js';
import { askForward } from './ask-forward.js';
import type { ForwardState } from './control-protocol.js';
import { forwardKey, forwardLabel } from './forward-key.js';
import { controlPath, forwardId, makeForwardsFolder } from './forward-places.js';
import { launchForward } from './server/launch-forward.js';
import type { ForwardSettings } from './start-messages.js';

/** How long another command may take to start the same forward, which may have to ask something. */
const OTHER_MS = 5_000;
const LOOK_EVERY_MS = 200;

/** A forward that runs now. */
export interface StartedForward {
  readonly state: ForwardState;
  readonly wasRunning: boolean;
}

export interface StartOptions {
  readonly flags: ConnectionFlags;
  readonly maxIdleMs: number;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/**
 * Starts a forward in the background, unless one runs already that leads there in the same way; asks what SSH has to ask. An abort
 * rejects with `signal.reason`, and leaves nothing behind.
 *
 * @throws CliError `usage`, `not-yours`; `locked` while another command starts it; TunnelError as `Tunnel.open`
 */
export async function startForward(
  target: FleetTarget,
  { flags, maxIdleMs, log, signal }: StartOptions,
): Promise<StartedForward> {
  if (target.sshUrls.length === 0) {
    throw new CliError('usage', 'A forward needs SSH: pass --ssh-url user@host.');
  }
  const folder = await makeForwardsFolder();
  const key = forwardKey(target, packageVersion());
  const running = async (): Promise<ForwardState | undefined> => {
    const request = { do: 'use', key, seeds: target.seeds } as const;
    const answer = await askForward(controlPath(folder, key), request, { signal });
    return typeof answer === 'object' && 'state' in answer ? answer.state : undefined;
  };
  const before = await running();
  if (before !== undefined) return { state: before, wasRunning: true };
  const settings = settingsFor(target, flags, maxIdleMs);
  const started = await launchForward(settings, {
    id: forwardId(key),
    ask: askFor(target, log),
    log,
    signal,
  });
  if (started !== undefined) return { state: started, wasRunning: false };
  // Shells that start at the same time each want one.
  for (let waitedMs = 0; waitedMs < OTHER_MS; waitedMs += LOOK_EVERY_MS) {
    const other = await running();
    if (other !== undefined) return { state: other, wasRunning: true };
    await pause(LOOK_EVERY_MS, signal);
    signal.throwIfAborted();
  }
  const message = `Another command is starting the forward to ${settings.label}, and may be waiting for an answer there. Finish or stop that one, then try again.`;
  throw new CliError('locked', message);
}

function settingsFor(target: FleetTarget, flags: ConnectionFlags, maxIdleMs: number): ForwardSettings {
  const { source } = target;
  const startFolder = workingFolder();
  // Which fleet is the usual one may change while this one is still trusted.
  const named = source?.kind === 'fleet' ? { ...flags, fleet: source.file } : flags;
  return { flags: absoluteFlags(named, startFolder), startFolder, label: forwardLabel(target), maxIdleMs };
}
