import { isIP } from 'node:net';
import type { Tunnel } from '../../../tunnel/tunnel.js';
import { WorldError } from '../../../world/errors.js';
import { CliError } from '../../errors.js';
import { EXIT_CODES } from '../../exit-codes.js';
import { lines, printNote } from '../../output/print.js';
import { writeRemark } from '../../output/write-output.js';
import { askText } from '../../prompts/ask-text.js';
import { canAsk, confirm } from '../../prompts/confirm.js';
import { type AuthorityChoice, chooseAuthority } from '../certificates/authority-store.js';
import type { ConnectOptions } from '../host/connect-host.js';
import { connectOptions } from '../host/connect-options.js';
import { lockFleet } from '../lock/lock-fleet-in-etcd.js';
import { lockHosts } from '../lock/lock-hosts.js';
import { type LockOwner, ourselves } from '../lock/lock-owner.js';
import { type AskGroup, chooseGroup } from '../plan/choose-group-members.js';
import { formatPlan } from '../plan/format-plan.js';
import { planValue } from '../plan/plan-to-json.js';
import type { LocalProgram } from '../programs/local-program.js';
import { prepareBundle } from '../programs/prepare-bundle.js';
import { showSending } from '../programs/show-sending.js';
import { isRolling, planRollover } from '../rollover/plan-rollover.js';
import { requireAllKnown } from '../rollover/require-all-known.js';
import { openFleetWorld } from '../world/open-fleet-world.js';
import { carryOutPlan } from './carry-out-plan.js';
import { type AskAddress, askForAddresses } from './choose-address.js';
import { type ChosenFleet, chooseFleet, fleetNameProblem } from './choose-fleet.js';
import { leaveOutCutOffHosts } from './leave-out-cut-off-hosts.js';
import { lookAtHosts, type Sight } from './look-at-hosts.js';
import { mergeDestinations } from './merge-destinations.js';
import { forgetOldAuthorities, noteFleet } from './note-fleet.js';
import { nobodyCanTakePart, planFleet, requireAll, type WholePlan } from './plan-fleet.js';
import { isDone } from './run-steps.js';
import { sumUp, type UpOutcome } from './sum-up.js';
import type { UpRequest } from './up-request.js';

const HOW_TO_GO_ON =
  'Interrupted: run "hawser up" again to continue, or "hawser down" to take hosts out again.';

/** Makes hosts a fleet, or brings a fleet to what it should be. @throws CliError */
export async function up(request: UpRequest): Promise<UpOutcome> {
  const mayAsk = canAsk() && !request.json;
  const chosen = await chooseFleet({ ...request, askName: askName(request, mayAsk) });
  const wanted = mergeDestinations(chosen.fleet.hosts, request);
  if (wanted.length === 0) {
    const message = `The fleet ${chosen.fleet.name} has no hosts yet: name them, such as "hawser up root@web1.example.org".`;
    throw new CliError('usage', message);
  }
  const connect = connectOptions(chosen.fleet, request);
  await using found = await lookAtHosts(wanted, connect);
  const sight = await withAnswers(found, request, mayAsk);
  const bundle = await prepareBundle();
  const choice = await chooseAuthority(chosen.fleet, { wantsNew: request.newAuthority });
  const { plan, shown } = await planWhole({ request, chosen, sight, choice, bundle });
  if (request.plan) {
    const exitCode = plan.refusals.length === 0 ? EXIT_CODES.done : EXIT_CODES.failed;
    return { value: planValue(shown), text: lines(formatPlan(shown)), exitCode };
  }
  if (plan.hosts.every(({ isNothing }) => isNothing) && !isRolling(plan.rollover)) {
    const fleet = await withNewcomers({ request, chosen, sight, plan, choice });
    return await sumUp({ request, fleet, sight, plan, outcomes: [], connect });
  }
  if (!request.json) writeRemark(lines(formatPlan(shown)));
  await requireConsent(request, mayAsk);
  const us = ourselves('up');
  await using _ = await lockWorld({ chosen, plan, sight, us, request });
  const { fleet, outcomes } = await changeHosts({
    request,
    chosen,
    sight,
    plan,
    choice,
    bundle,
    connect,
    us,
  });
  return await sumUp({ request, fleet, sight, plan, outcomes, connect });
}

/** The fleet with hosts that belong to it already, as one whose fleet file was made elsewhere, or that was forgotten and came back. */
async function withNewcomers({
  request,
  chosen,
  plan,
  ...rest
}: Omit<Basis, 'bundle'> & { plan: WholePlan }) {
  const known = new Set(chosen.fleet.hosts.map(({ name }) => name));
  const newcomers = plan.hosts.filter(({ host }) => !known.has(host.name));
  if (newcomers.length === 0) return chosen.fleet;
  const { fleet } = await noteFleet({ ...rest, chosen, plan });
  for (const { host } of newcomers) printNote(request, `${host.name}: added to ${fleet.file}`);
  return fleet;
}

/** What was seen, and what the fleet is to have. */
interface Basis {
  readonly request: UpRequest;
  readonly chosen: ChosenFleet;
  readonly sight: Sight;
  readonly choice: AuthorityChoice;
  readonly bundle: LocalProgram;
}

/** Plans what is to be done, also about the authority, and what is shown of it. @throws CliError where no host can take part */
async function planWhole({ request, chosen, sight, choice, bundle }: Basis) {
  const { fleet, isNew, hasId } = chosen;
  const context = {
    fleet: { name: fleet.name, id: fleet.id, authority: choice.trusted },
    bundle,
    useHostNode: request.useHostNode,
    hasEtcdFile: request.etcd !== undefined,
    canIssue: choice.canIssue,
  };
  const looked = planFleet(sight, fleet, { ...context, hasId });
  const reached = await leaveOutCutOffHosts(looked, { probeOf: tunnelOf(sight), signal: request.signal });
  if (reached.hosts.length === 0) throw nobodyCanTakePart(reached);
  const rolled = planRollover(reached.hosts, { ...fleet, authority: choice.trusted }, choice);
  const plan = { ...reached, ...rolled };
  if (choice.isNew) {
    requireAll(plan);
    await requireOthersKnown({ request, chosen, sight, plan });
  }
  const founder = plan.founding.kind === 'found' ? plan.founding.candidates[0] : undefined;
  return { plan, shown: { ...context, ...plan, leftOut: plan.refusals, isNew, founder } };
}

/** @throws CliError `refused` where agents run on hosts that nobody has named */
async function requireOthersKnown(given: Pick<Basis, 'request' | 'chosen' | 'sight'> & { plan: WholePlan }) {
  const { request, chosen, sight, plan } = given;
  const serving = plan.hosts.find(({ facts }) => facts.agent.servesEtcd);
  const through = sight.seen.find(({ host }) => host.name === serving?.host.name);
  if (through === undefined) return;
  const names = plan.hosts.map(({ host }) => host.name);
  await requireAllKnown(through.shell, { fleet: chosen.fleet, names }, request);
}

interface Change extends Basis {
  readonly plan: WholePlan;
  readonly connect: ConnectOptions;
  readonly us: LockOwner;
}

/** Locks the hosts that are to be changed before anything is written, so that whoever comes second leaves no trace. */
async function changeHosts(work: Change) {
  const { request, chosen, sight, plan, choice, bundle, connect, us } = work;
  const { spread = [], drop = [] } = plan.rollover ?? {};
  const changed = new Set([
    ...plan.hosts.flatMap(({ host, isNothing }) => (isNothing ? [] : [host.name])),
    ...spread,
    ...drop,
  ]);
  const hosts = sight.seen.filter(({ host }) => changed.has(host.name));
  await using locks = await lockHosts(hosts, us, request.signal);
  const { fleet, authority } = await noteFleet({ chosen, plan, sight, choice });
  const working = carryOutPlan({
    ...{ plan, fleet, authority, bundle, connect, locks, seen: sight.seen },
    ...{ runtimeFile: request.runtime, etcdFile: request.etcd },
    useHostNode: request.useHostNode,
    report: (host, said) => printNote(request, `${host}: ${said}`),
    say: (doing) => printNote(request, `${doing} …`),
    showSending: (host) => showSending(host, request),
    log: request.log,
  });
  const outcomes = await working.catch((error: unknown) => {
    if (request.signal.aborted) printNote(request, HOW_TO_GO_ON);
    throw error;
  });
  if (plan.rollover?.waitsFor.length === 0 && outcomes.every(isDone)) {
    await forgetOldAuthorities(fleet);
    printNote(request, `The fleet ${fleet.name} has its new authority, and trusts no other one.`);
  }
  return { fleet, outcomes };
}

function tunnelOf({ seen }: Sight): (name: string) => Tunnel {
  const tunnels = new Map(seen.map(({ host, shell }) => [host.name, shell.tunnel]));
  return (name) => {
    const tunnel = tunnels.get(name);
    if (tunnel === undefined) throw new RangeError(`${name} was not looked at`);
    return tunnel;
  };
}

function askName(
  { yes, signal }: UpRequest,
  mayAsk: boolean,
): ((usual: string) => Promise<string>) | undefined {
  if (!mayAsk || yes) return undefined;
  return (usual) =>
    askText('Name of the new fleet:', { signal, byDefault: usual, problemOf: fleetNameProblem });
}

/** With what a person chose, or the flags say. */
async function withAnswers(found: Sight, request: UpRequest, mayAsk: boolean): Promise<Sight> {
  const { yes, plan, group, signal } = request;
  if (!mayAsk || yes) return { ...found, seen: await chooseGroup(found.seen, group) };
  const sight = await withAddresses(found, signal);
  const ask: AskGroup = (question) => confirm(question, { signal, byDefault: true });
  return { ...sight, seen: await chooseGroup(sight.seen, group && !plan ? ask : group) };
}

/** With the addresses that a person chose, where a host has several that could be meant. */
async function withAddresses(sight: Sight, signal: AbortSignal): Promise<Sight> {
  const ask: AskAddress = (host, addresses) =>
    askText(`At which address do the other hosts reach ${host}: ${addresses.join(', ')}?`, {
      ...{ signal, byDefault: addresses[0] ?? '' },
      problemOf: (answer) => (isIP(answer) === 0 ? 'Type an IP address.' : undefined),
    });
  return { ...sight, seen: await askForAddresses(sight.seen, ask) };
}

/** @throws CliError `declined`, `not-confirmed` */
async function requireConsent({ yes, signal }: UpRequest, mayAsk: boolean): Promise<void> {
  if (yes) return;
  if (!mayAsk) {
    const message = 'Nothing was changed: without a terminal to confirm on, pass --yes.';
    throw new CliError('not-confirmed', message);
  }
  if (await confirm('Go ahead?', { signal, byDefault: true })) return;
  throw new CliError('declined', 'Nothing was changed.');
}

/** The lock in the fleet's own state, where it has one that answers; each host is locked in any case. */
async function lockWorld(given: {
  readonly chosen: ChosenFleet;
  readonly plan: WholePlan;
  readonly sight: Sight;
  readonly us: LockOwner;
  readonly request: UpRequest;
}): Promise<AsyncDisposable | undefined> {
  const { chosen, plan, sight, us, request } = given;
  const { log, signal } = request;
  // Every host is restarted, and locked.
  if (isRolling(plan.rollover)) return undefined;
  const [running] = plan.hosts.filter(({ facts, isNothing }) => facts.agent.servesEtcd && isNothing);
  const through = sight.seen.find(({ host }) => host.name === running?.host.name);
  if (through === undefined) return undefined;
  const world = await openFleetWorld(through.shell, chosen.fleet, { log, signal });
  try {
    const lock = await lockFleet(world, chosen.fleet.name, us, signal);
    return {
      [Symbol.asyncDispose]: async () => {
        await lock.close();
        await world.close();
      },
    };
  } catch (error) {
    await world.close();
    if (!(error instanceof WorldError) || error.code !== 'unavailable') throw error;
    log('warn', `The fleet does not answer, so only its hosts are locked: ${error.message}`);
    return undefined;
  }
}
