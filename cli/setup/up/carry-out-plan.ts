import { onAbort } from '../../../base/abort.js';
import { formatHostPort } from '../../../base/format-host-port.js';
import type { Log } from '../../../base/log.js';
import { CliError } from '../../errors.js';
import type { Fleet } from '../../fleet/file/fleet.js';
import type { Authority } from '../certificates/issue-certificate.js';
import { type ConnectOptions, connectHost } from '../host/connect-host.js';
import type { HostShell } from '../host/host-shell.js';
import type { HeldLocks } from '../lock/lock-hosts.js';
import type { HostPlan } from '../plan/plan-host.js';
import { type ProgramSources, programsForHosts } from '../programs/prepare-programs.js';
import { SendOnce } from '../programs/send-once.js';
import { rollTrust } from '../rollover/roll-trust.js';
import { WaysIn } from '../world/entry-hosts.js';
import { firstThatServes, SERVES_AGAIN_MS } from '../world/first-that-serves.js';
import { openFleetWorld } from '../world/open-fleet-world.js';
import { beforeRestart } from '../world/until-others-carry-on.js';
import { bringUpHosts } from './bring-up-hosts.js';
import { hostSteps, type Site, sendAhead } from './host-steps.js';
import type { SeenHost } from './look-at-hosts.js';
import type { WholePlan } from './plan-fleet.js';
import { type HostOutcome, isDone, type Report, runSteps } from './run-steps.js';

/** What carrying out a plan needs besides the plan. */
export interface CarryOut extends ProgramSources {
  readonly plan: WholePlan;
  readonly fleet: Fleet & { readonly id: string };
  readonly authority: Authority | undefined;
  readonly seen: readonly SeenHost[];
  readonly connect: ConnectOptions;
  /** Of the hosts that are changed. */
  readonly locks: HeldLocks;
  readonly report: Report;
  readonly showSending: Site['showSending'];
  readonly log: Log;
}

/**
 * Brings up the hosts that are to be changed. Where the authority changes, hosts trust the new one before, and only that one after
 * all have been brought up.
 *
 * @throws CliError `locked` where somebody else has taken the lock of one of them; after an abort `signal.reason`, when no host is
 * being worked on any more
 */
export async function carryOutPlan(work: CarryOut): Promise<HostOutcome[]> {
  const { connect, seen } = work;
  const over = new AbortController();
  const unlisten = onAbort([connect.signal], () => over.abort(connect.signal.reason));
  const progress: Progress = {
    serving: new Set(seen.flatMap(({ host, facts }) => (facts.agent.servesEtcd ? [host.name] : []))),
    logins: new Map(),
  };
  const { lost } = work.locks;
  const stopListening = onAbort(lost, () => over.abort(lost.find(({ aborted }) => aborted)?.reason));
  const sendings = new SendOnce();
  try {
    const ways = new WaysIn(seen, work.fleet, { log: work.log, signal: over.signal });
    const site: Site = siteOf(work, progress, ways, {
      sendings,
      sendOthers: () => {
        for (const one of todoOf(work)) sendAhead(seenAs(one.host.name, work).shell, one, site, over.signal);
      },
      signal: over.signal,
    });
    return await bringUpAndRoll(work, site, progress, { ways, signal: over.signal });
  } finally {
    over.abort(new Error('The hosts are not worked on any more.'));
    await sendings.settled();
    stopListening();
    unlisten();
    await closeAll(progress.logins);
  }
}

/** Hosts trust what they are to trust before and after they are brought up. */
async function bringUpAndRoll(
  work: CarryOut,
  site: Site,
  progress: Progress,
  { ways, signal }: { readonly ways: WaysIn; readonly signal: AbortSignal },
): Promise<HostOutcome[]> {
  const { plan, report, log } = work;
  const { authorities = [], spread = [], drop = [], mayStop = false } = plan.rollover ?? {};
  const roll = (names: readonly string[], trusted: readonly string[], stopped: readonly string[]) => {
    const hosts = names.map((name) => seenAs(name, work));
    return rollTrust({ hosts, stopped, authorities: trusted, ways, mayStop, report, log, signal });
  };
  const stopped = spread.filter((name) => !seenAs(name, work).facts.agent.isRunning);
  const before = await roll(spread, authorities, stopped);
  if (!before.every(isDone)) return before;
  const outcomes = await bringUp(work, site, progress, signal);
  if (!outcomes.every(isDone)) return outcomes;
  return withLast([...before, ...outcomes, ...(await roll(drop, authorities.slice(0, 1), []))]);
}

function todoOf({ plan }: CarryOut): HostPlan[] {
  return plan.hosts.filter(({ isNothing }) => !isNothing);
}

function bringUp(
  work: CarryOut,
  site: Site,
  progress: Progress,
  signal: AbortSignal,
): Promise<HostOutcome[]> {
  const { plan, report, log } = work;
  const todo = todoOf(work);
  const running = todo.filter(
    ({ host, starts, facts }) =>
      starts && (facts.agent.isRunning || plan.rollover?.spread.includes(host.name) === true),
  );
  return bringUpHosts({
    hosts: todo.map(({ host }) => host.name),
    running: new Set(running.map(({ host }) => host.name)),
    founding: plan.founding,
    bringUp: async (name, role) => {
      const hostPlan = todo.find(({ host }) => host.name === name);
      if (hostPlan === undefined) throw new RangeError(`${name} is not in the plan`);
      const steps = hostSteps(seenAs(name, work).shell, hostPlan, role, site);
      const outcome = await runSteps(name, steps, { signal, report, log });
      if (outcome.kind === 'done' && role === 'founder') progress.serving.add(name);
      return outcome;
    },
  });
}

function seenAs(name: string, { seen }: Pick<CarryOut, 'seen'>): SeenHost {
  const found = seen.find(({ host }) => host.name === name);
  if (found === undefined) throw new RangeError(`${name} was not looked at`);
  return found;
}

/** Of each host the last that became of it. */
function withLast(outcomes: readonly HostOutcome[]): HostOutcome[] {
  return [...new Map(outcomes.map((outcome) => [outcome.host, outcome])).values()];
}

async function closeAll(logins: Progress['logins']): Promise<void> {
  for (const login of await Promise.allSettled(logins.values()))
    if (login.status === 'fulfilled') await login.value[Symbol.asyncDispose]();
}

function siteOf(
  work: CarryOut,
  { serving, logins }: Progress,
  ways: WaysIn,
  { signal, ...sending }: Pick<Site, 'sendings' | 'sendOthers'> & { readonly signal: AbortSignal },
): Site {
  const { fleet, authority, useHostNode, showSending, log, connect, plan, seen } = work;
  const loginAnew: Site['loginAnew'] = ({ host }) => {
    const login =
      logins.get(host.name) ?? connectHost(host, { ...connect, signal }).then(({ shell }) => shell);
    logins.set(host.name, login);
    return login;
  };
  const wayIn = async (): Promise<HostShell> => {
    const nobody = plan.hosts.every(({ host }) => !serving.has(host.name));
    if (nobody) await noteWhoServes(work, serving, signal);
    const serve = plan.hosts.filter(({ host }) => serving.has(host.name));
    // A fleet that stands still as a whole, as when its certificates have expired, serves again where it did.
    const ready = serve.length > 0 ? serve : plan.hosts.filter(({ facts }) => facts.agent.hasClusterData);
    const [first] = [...ready].sort(
      (a, b) => Number(a.groupUser !== undefined) - Number(b.groupUser !== undefined),
    );
    const shell = seen.find(({ host }) => host.name === first?.host.name)?.shell;
    if (first === undefined || shell === undefined) throw nobodyServes(fleet.name);
    return first.groupUser === undefined ? shell : loginAnew(first);
  };
  return {
    ...{ fleet, authority, useHostNode, showSending, log, loginAnew, ...sending },
    // A cluster that is being made names no fleet at first, which is no reason to warn.
    openWorld: async (founder) =>
      founder === undefined
        ? openFleetWorld(await wayIn(), fleet, { log, signal })
        : openFleetWorld(founder, fleet, { log: withoutWarnings(log), signal }),
    beforeRestart: (name) => beforeRestart(name, ways, signal),
    programs: programsForHosts(work, signal),
    seedsFor: (name) => seedsFor(name, fleet, serving),
  };
}

function withoutWarnings(log: Log): Log {
  return (level, message) => log(level === 'warn' ? 'debug' : level, message);
}

/** After all have stopped, as with certificates that had expired: which of the hosts has a server again. */
async function noteWhoServes(
  { plan, seen }: Pick<CarryOut, 'plan' | 'seen'>,
  serving: Set<string>,
  signal: AbortSignal,
): Promise<void> {
  const planned = new Set(plan.hosts.map(({ host }) => host.name));
  const shells = seen.flatMap(({ host, shell }) => (planned.has(host.name) ? [shell] : []));
  const found = await firstThatServes(shells, { timeoutMs: SERVES_AGAIN_MS, signal });
  for (const { host, shell } of seen) if (shell === found) serving.add(host.name);
}

function nobodyServes(fleet: string): CliError {
  const message = `No host of the fleet ${fleet} that serves can be reached, so the host cannot join.`;
  return new CliError('unreachable', message);
}

/** What changes while the hosts are brought up. */
interface Progress {
  /** Hosts whose etcd can be asked. */
  readonly serving: Set<string>;
  /** Logins that began after groups were given. */
  readonly logins: Map<string, Promise<HostShell>>;
}

/** Hosts that serve by now; where none is known to, any other host may. */
function seedsFor(name: string, { hosts }: Fleet, serving: ReadonlySet<string>): string[] {
  const others = hosts.filter((host) => host.name !== name);
  const known = others.filter((host) => serving.has(host.name));
  return (known.length > 0 ? known : others).flatMap(({ address }) =>
    address === undefined ? [] : [`https://${formatHostPort(address, 2379)}`],
  );
}
