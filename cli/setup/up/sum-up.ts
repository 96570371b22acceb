import { WorldError } from '../../../world/errors.js';
import { CliError } from '../../errors.js';
import { EXIT_CODES, type ExitCode } from '../../exit-codes.js';
import type { Fleet } from '../../fleet/file/fleet.js';
import type { Lines } from '../../output/escaped-lines.js';
import { lines } from '../../output/print.js';
import { formatStatus } from '../../status/format-status.js';
import { type FleetStatus, readStatus } from '../../status/read-status.js';
import { openFleetWorld } from '../world/open-fleet-world.js';
import { waitForCluster } from '../world/wait-for-cluster.js';
import type { FleetPlan } from './look-and-plan.js';
import type { Sight } from './look-at-hosts.js';
import type { HostOutcome } from './run-steps.js';
import type { UpRequest } from './up-request.js';

const CLUSTER_TIMEOUT_MS = 120_000;

/** What became of it: for a program and for a person. */
export interface UpOutcome {
  readonly value: unknown;
  readonly text: string | Lines;
  readonly exitCode: ExitCode;
}

/** What was done. */
export interface DoneWork {
  readonly request: Pick<UpRequest, 'log' | 'signal'>;
  readonly fleet: Fleet;
  readonly sight: Sight;
  readonly plan: FleetPlan;
  /** Empty where there was nothing to do. */
  readonly outcomes: readonly HostOutcome[];
}

/** A host that is not as it should be, and why. */
interface Shortfall {
  readonly host: string;
  readonly message: string;
}

/** Waits until the cluster is complete, where something was changed, and shows the fleet and the next command to type. */
export async function sumUp(done: DoneWork): Promise<UpOutcome> {
  const { fleet, outcomes, plan } = done;
  const shortfalls = [...plan.refusals, ...outcomes.flatMap(shortfallOf)];
  const { status, problem } = await lastLook(done);
  const failures =
    problem === undefined ? shortfalls : [...shortfalls, { host: fleet.name, message: problem }];
  const isFine = failures.length === 0;
  const value = {
    fleet: { name: fleet.name, id: fleet.id, file: fleet.file },
    changed: outcomes.length > 0,
    hosts: status?.hosts ?? [],
    failures: failures.map(({ host, message }) => ({ hostname: host, message })),
  };
  const text = lines([
    ...(status === undefined ? [] : [formatStatus(status), '']),
    ...(outcomes.length === 0 && isFine ? ['Nothing to do.'] : []),
    ...failures.map(({ host, message }) => `${host}: ${message}`),
    isFine
      ? `The fleet ${fleet.name} is up. Next: "hawser deploy DIR" runs an app on it, "hawser status" shows it.`
      : 'Not everything is as it should be: run "hawser up" again to go on.',
  ]);
  return { value, text, exitCode: isFine ? EXIT_CODES.done : EXIT_CODES.failed };
}

function shortfallOf(outcome: HostOutcome): Shortfall[] {
  const { host, kind } = outcome;
  if (kind === 'done') return [];
  if (kind === 'waiting')
    return [{ host, message: `nothing was done, because ${outcome.for} had to be first.` }];
  const { error, step } = outcome;
  const why = error instanceof Error ? error.message : String(error);
  return [{ host, message: `could not ${step}: ${why}` }];
}

/** Through a host where the agent runs. */
async function lastLook({
  request,
  fleet,
  sight,
  plan,
  outcomes,
}: DoneWork): Promise<{ readonly status?: FleetStatus; readonly problem?: string }> {
  const { log, signal } = request;
  const failed = new Set(outcomes.flatMap(({ kind, host }) => (kind === 'done' ? [] : [host])));
  const up = plan.hosts.map(({ host }) => host.name).filter((name) => !failed.has(name));
  const way = wayIn(up, plan, sight);
  if (way === undefined) return {};
  await using world = await openFleetWorld(way.shell, fleet, { log, signal });
  const call = { signal, timeoutMs: 10_000 };
  try {
    if (outcomes.length > 0)
      await waitForCluster(world, { hosts: up, timeoutMs: CLUSTER_TIMEOUT_MS, signal });
    return { status: await readStatus(world, call, log) };
  } catch (error) {
    if (!(error instanceof CliError) && !(error instanceof WorldError)) throw error;
    const status = await readStatus(world, call, log).catch(() => undefined);
    return { problem: error.message, ...(status === undefined ? {} : { status }) };
  }
}

/** A host whose login has the rights already, if there is one: a login keeps the groups that it began with. */
function wayIn(up: readonly string[], { hosts }: FleetPlan, { seen }: Sight) {
  const ready = hosts.filter(({ host, groupUser }) => up.includes(host.name) && groupUser === undefined);
  const [first] = ready.length > 0 ? ready : hosts.filter(({ host }) => up.includes(host.name));
  return seen.find(({ host }) => host.name === first?.host.name);
}
