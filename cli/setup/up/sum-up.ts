import { TunnelError } from '../../../tunnel/errors.js';
import type { ClientWorld } from '../../../world/client-world.js';
import { WorldError } from '../../../world/errors.js';
import { CliError } from '../../errors.js';
import { EXIT_CODES, type ExitCode } from '../../exit-codes.js';
import type { ConnectionFlags } from '../../fleet/connection-flags.js';
import type { Fleet } from '../../fleet/file/fleet.js';
import { openWorld } from '../../fleet/open-world.js';
import { requireFleet, resolveTarget } from '../../fleet/resolve-target.js';
import type { Lines } from '../../output/escaped-lines.js';
import { lines } from '../../output/print.js';
import type { FleetStatus, Problem } from '../../status/fleet-status.js';
import { formatStatus } from '../../status/format-status.js';
import { readStatus } from '../../status/read-status.js';
import { authorityWarning } from '../certificates/authorities.js';
import type { ConnectOptions } from '../host/connect-host.js';
import { firstThatServes, SERVES_AGAIN_MS } from '../world/first-that-serves.js';
import { openFleetWorld } from '../world/open-fleet-world.js';
import { type AgentHost, noteWays } from '../world/record-bridged-hosts.js';
import { waitForCluster } from '../world/wait-for-cluster.js';
import type { Sight } from './look-at-hosts.js';
import type { FleetPlan } from './plan-fleet.js';
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
  readonly request: UpRequest;
  readonly fleet: Fleet;
  readonly connect: ConnectOptions;
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
  const authority = expiringAuthority(fleet, status);
  const value = {
    fleet: { name: fleet.name, id: fleet.id, file: fleet.file },
    changed: outcomes.length > 0,
    hosts: status?.hosts ?? [],
    problems: [...(status?.problems ?? []), ...authority],
    failures: failures.map(({ host, message }) => ({ hostname: host, message })),
  };
  const text = lines([
    ...(status === undefined ? [] : [formatStatus(status), '']),
    ...authority.map(({ message }) => message),
    ...(outcomes.length === 0 && isFine ? ['Nothing to do.'] : []),
    ...failures.map(({ host, message }) => `${host}: ${message}`),
    isFine
      ? `The fleet ${fleet.name} is up. Next: "hawser deploy DIR" runs an app on it, "hawser status" shows it.`
      : 'Not everything is done: run "hawser up" again to continue.',
  ]);
  return { value, text, exitCode: isFine ? EXIT_CODES.done : EXIT_CODES.failed };
}

/** By the fleet file, unless the agents have said so. */
function expiringAuthority({ authority }: Fleet, status: FleetStatus | undefined): Problem[] {
  const message = authorityWarning(authority);
  const isSaid = status?.problems.some(({ code }) => code === 'authority-expires') === true;
  return message === undefined || isSaid ? [] : [{ code: 'authority-expires', host: null, message }];
}

function shortfallOf(outcome: HostOutcome): Shortfall[] {
  const { host, kind } = outcome;
  if (kind === 'done') return [];
  if (kind === 'waiting')
    return [{ host, message: `its agent was not started, because ${outcome.for} had to come first.` }];
  const { error, step } = outcome;
  const why = error instanceof Error ? error.message : String(error);
  return [{ host, message: `could not ${step}: ${why}` }];
}

/** As every command sees the fleet from now on, where something was changed; else through a connection that is there. */
async function lastLook(
  done: DoneWork,
): Promise<{ readonly status?: FleetStatus; readonly problem?: string }> {
  const { request, plan, outcomes, sight } = done;
  const { log, signal } = request;
  const failed = new Set(outcomes.flatMap(({ kind, host }) => (kind === 'done' ? [] : [host])));
  const up = plan.hosts.map(({ host }) => host.name).filter((name) => !failed.has(name));
  if (up.length === 0) return {};
  const call = { signal, timeoutMs: 10_000 };
  try {
    const planned = new Set(plan.hosts.map(({ host }) => host.name));
    const shells = sight.seen.flatMap(({ host, shell }) => (planned.has(host.name) ? [shell] : []));
    if (outcomes.length > 0) await firstThatServes(shells, { timeoutMs: SERVES_AGAIN_MS, signal });
    await noteWays(done.fleet.file, agentHosts(done, up), done.connect);
    await using world = await openWay(done);
    if (outcomes.length === 0) return { status: await readStatus(world, call, log) };
    const problem = await waitForCluster(world, { hosts: up, timeoutMs: CLUSTER_TIMEOUT_MS, signal }).then(
      () => undefined,
      (error: unknown) => {
        if (error instanceof CliError || error instanceof WorldError) return error.message;
        throw error;
      },
    );
    // Those that serve only now.
    await noteWays(done.fleet.file, agentHosts(done, up), done.connect);
    const status = await readStatus(world, call, log);
    return { status, ...(problem === undefined ? {} : { problem }) };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof WorldError || error instanceof TunnelError) return { problem: error.message };
    throw error;
  }
}

/** Hosts whose agents run, as far as anybody may enter their etcd. */
function agentHosts({ plan, sight }: DoneWork, up: readonly string[]): AgentHost[] {
  return plan.hosts.flatMap(({ host: { name }, groupUser }) => {
    const shell = sight.seen.find(({ host }) => host.name === name)?.shell;
    if (shell === undefined || !up.includes(name)) return [];
    return [{ name, shell, isOldLogin: groupUser !== undefined }];
  });
}

async function openWay({ request, fleet, sight, plan, outcomes, connect }: DoneWork): Promise<ClientWorld> {
  const { log, signal } = request;
  const ready = plan.hosts.find(({ facts, isNothing }) => isNothing && facts.agent.servesEtcd);
  const through = sight.seen.find(({ host }) => host.name === ready?.host.name);
  if (outcomes.length === 0 && through !== undefined)
    return openFleetWorld(through.shell, fleet, { log, signal });
  const { json, verbose, yes, sshId, sshKnownHosts, sshConfig, transport } = request;
  const flags: ConnectionFlags = {
    ...{ json, verbose, yes, fleet: fleet.file },
    ...(sshId === undefined ? {} : { sshId: [...sshId] }),
    ...(sshKnownHosts === undefined ? {} : { sshKnownHosts: [...sshKnownHosts] }),
    ...(sshConfig === undefined ? {} : { sshConfig }),
    ...(transport === undefined ? {} : { transport }),
  };
  const target = requireFleet(await resolveTarget(flags, { signal }));
  return openWorld({ ...target, sudoPasswords: connect.passwords }, log, signal);
}
