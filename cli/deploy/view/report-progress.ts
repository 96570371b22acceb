import type { ClientWorld } from '../../../world/client-world.js';
import type { Deployment } from '../../../world/deploys/deploy-payload.js';
import type { HostProgress } from '../../../world/deploys/host-states.js';
import type { RolloutRecord } from '../../../world/deploys/rollout/rollout-record.js';
import { type OutputOptions, printNote } from '../../output/print.js';
import { type DeployOutcome, outcomeOf } from './deploy-outcome.js';
import { waitForDeploy } from './wait-for-deploy.js';

/** Waits for a deploy, shows each change on the way, and says how it ended. */
export async function reportOutcome(
  world: ClientWorld,
  { id, deployment }: { readonly id: number; readonly deployment: Deployment },
  run: OutputOptions & { readonly signal: AbortSignal; readonly waitTimeout: number },
): Promise<DeployOutcome> {
  const progress = await waitForDeploy({
    ...{ world, id, deployment, signal: run.signal, timeoutMs: run.waitTimeout },
    onChange: (hostname, host) => printNote(run, progressLine(hostname, host)),
    onPhase: (record) => {
      const said = phaseLine(record);
      if (said !== undefined) printNote(run, said);
    },
  });
  return outcomeOf(id, deployment, progress);
}

const QUIET_STATES: readonly string[] = ['fetching', 'waiting', 'applying', 'healthy', 'skipped'];

function progressLine(hostname: string, { state, message }: HostProgress): string {
  return QUIET_STATES.includes(state) ? `${hostname}: ${message}` : `${hostname}: ${state}: ${message}`;
}

function phaseLine({ phase, reason }: RolloutRecord): string | undefined {
  const why = reason === undefined ? '' : ` ${reason}`;
  if (phase === 'going-back') return `The hosts that have switched go back.${why}`;
  return phase === 'paused' ? `Paused.${why}` : undefined;
}
