import { rm } from 'node:fs/promises';
import type { ClientWorld } from '../../../world/client-world.js';
import { CliError } from '../../errors.js';
import { EXIT_CODES } from '../../exit-codes.js';
import { findFleet } from '../../fleet/file/find-fleet-file.js';
import type { Fleet, FleetHost } from '../../fleet/file/fleet.js';
import { authorityKeyFile, nextAuthorityKeyFile } from '../../fleet/file/fleet-paths.js';
import { selectHosts } from '../../fleet/file/select-hosts.js';
import { writeFleet } from '../../fleet/file/write-fleet.js';
import { printNote } from '../../output/print.js';
import { askText } from '../../prompts/ask-text.js';
import { canAsk, confirm } from '../../prompts/confirm.js';
import { connectOptions } from '../host/connect-options.js';
import { lockHost } from '../lock/lock-file-on-host.js';
import { type LockOwner, ourselves } from '../lock/lock-owner.js';
import { uuidOf } from '../record/install-record.js';
import { leaveAndStopAgent, stopAgent } from '../service/control-agent.js';
import { removeAgent } from '../service/remove-agent.js';
import { lookAtHosts, type SeenHost, type Sight } from '../up/look-at-hosts.js';
import type { UpOutcome } from '../up/sum-up.js';
import { openFleetWorld } from '../world/open-fleet-world.js';
import type { DownRequest } from './down-request.js';
import { findLivingHosts } from './find-living-hosts.js';
import { forgetByForce, forgetGoneHost, removeMember, untilNoMember } from './forget-host.js';
import { planRemoval } from './plan-removal.js';
import { warnAfterRemoval } from './warn-after-removal.js';

/** Takes hosts out of their fleet, and everything of ours off them. @throws CliError */
export async function down(request: DownRequest): Promise<UpOutcome> {
  const fleet = await findFleet(request);
  if (fleet === undefined) {
    throw new CliError('usage', 'No fleet is known here: name the one to take hosts out of with --fleet.');
  }
  const leaving = leavingHosts(fleet, request);
  await requireConsent(fleet, leaving, request);
  const connect = connectOptions(fleet, request);
  const wanted = (request.gone ? fleet.hosts.filter((host) => !leaving.includes(host)) : fleet.hosts).map(
    (host) => ({ ...host, isNameless: false }),
  );
  await using sight = await lookAtHosts(wanted, connect);
  const work: Work = { request, fleet, leaving, sight, us: ourselves('down') };
  if (request.gone) return await forgetHosts(work);
  return await (request.all ? endFleet(work) : takeOut(work));
}

interface Work {
  readonly request: DownRequest;
  readonly fleet: Fleet;
  readonly leaving: readonly FleetHost[];
  readonly sight: Sight;
  readonly us: LockOwner;
}

/** @throws CliError `usage` for all hosts without `--all`, and where none is named */
function leavingHosts(fleet: Fleet, { hosts, all }: DownRequest): readonly FleetHost[] {
  if (all) return fleet.hosts;
  if (hosts === undefined) {
    throw new CliError('usage', 'Name the hosts to take out, such as "hawser down web2", or pass --all.');
  }
  const selected = selectHosts(fleet, hosts);
  if (selected.length < fleet.hosts.length) return selected;
  const message = `That is every host of the fleet ${fleet.name}: to end the fleet, run "hawser down --all".`;
  throw new CliError('usage', message);
}

async function requireConsent(
  fleet: Fleet,
  leaving: readonly FleetHost[],
  { yes, json, all, gone, keepData, signal }: DownRequest,
): Promise<void> {
  if (yes) return;
  if (json || !canAsk()) {
    throw new CliError('not-confirmed', 'Nothing was changed: without a terminal to confirm on, pass --yes.');
  }
  const names = leaving.map(({ name }) => name).join(', ');
  if (all) {
    const question = `This ends the fleet ${fleet.name}: its apps stop, and hawser ${keepData ? 'is' : 'and all its data are'} removed from ${names}. Type the name of the fleet to continue:`;
    if ((await askText(question, { signal, problemOf: () => undefined })) === fleet.name) return;
    throw new CliError('declined', 'Nothing was changed.');
  }
  const question = gone
    ? `Forget ${names} for good? It must not come back with its old data.`
    : `Take ${names} out of the fleet ${fleet.name}? Its apps stop there, and hawser is removed.`;
  if (await confirm(question, { signal, byDefault: false })) return;
  throw new CliError('declined', 'Nothing was changed.');
}

/** Hosts that are gone for good: the others forget them. */
async function forgetHosts({ request, fleet, leaving, sight }: Work): Promise<UpOutcome> {
  const { signal } = request;
  await using world = await openWay(sight, fleet, [], request);
  const doubtful = leaving.map(({ name }) => name);
  const alive = await findLivingHosts(world, { stopped: [], doubtful }, { signal });
  const running = leaving.find(({ name }) => alive.has(name));
  if (running !== undefined) {
    const message = `The agent of ${running.name} is running, so it is not gone: take it out with "hawser down ${running.name}".`;
    throw new CliError('failed', message);
  }
  let rest = fleet;
  for (const { name } of leaving) {
    await removeMember(world, name, { signal });
    await forgetGoneHost(world, name, { signal });
    rest = await withoutHost(rest, name);
  }
  await warnAfterRemoval(world, doubtful, request);
  return outcome(leaving, [], `Forgot ${leaving.map(({ name }) => name).join(', ')}.`);
}

/** One host after the other leaves the cluster, and is cleaned. */
async function takeOut(work: Work): Promise<UpOutcome> {
  const { request, fleet, leaving, sight, us } = work;
  const { signal } = request;
  const seen = leaving.map((host) => reached(host, work));
  const names = leaving.map(({ name }) => name);
  const isPart = seen.some(({ facts }) => facts.agent.isRunning || facts.agent.hasClusterData);
  await using world = isPart ? await openWay(sight, fleet, names, request) : undefined;
  const order = world === undefined ? names : await orderOf(names, world, sight, request);
  const left: string[] = [];
  let rest = fleet;
  for (const name of order) {
    const one = seen.find(({ host }) => host.name === name);
    if (one === undefined) continue;
    await using _ = await lockHost(one.shell, us, signal);
    printNote(request, `${name}: leaving the fleet`);
    await leave(one, world, request);
    left.push(...(await clean(one, request)));
    rest = await withoutHost(rest, name);
    printNote(request, `${name}: done`);
  }
  if (world !== undefined) await warnAfterRemoval(world, names, request);
  return outcome(leaving, left, `${names.join(', ')} left the fleet ${fleet.name}.`);
}

async function leave(
  { host, shell, facts }: SeenHost,
  world: ClientWorld | undefined,
  { force, log, signal }: DownRequest,
): Promise<void> {
  const { isRunning, record } = facts.agent;
  if (record === undefined && !isRunning) return;
  await leaveAndStopAgent(shell, signal);
  if (world === undefined) return;
  if (force) return forgetByForce(world, host.name, { log, signal });
  await untilNoMember(world, host.name, { signal });
  await forgetGoneHost(world, host.name, { signal });
}

/** @returns what could not be removed */
async function clean({ host, shell, facts }: SeenHost, { keepData, signal }: DownRequest): Promise<string[]> {
  const { left } = await removeAgent(shell, { keepData, record: facts.agent.record, signal });
  return left.map((what) => `${host.name}: ${what}`);
}

/** Nobody stays, so nobody has to be left in order. */
async function endFleet({ request, fleet, leaving, sight, us }: Work): Promise<UpOutcome> {
  const { signal } = request;
  const problems: string[] = sight.troubled.map(({ host, error }) => `${host.name}: ${error.message}`);
  const removed: string[] = [];
  await Promise.all(
    sight.seen.map(async (one) => {
      try {
        requireOurs(one, fleet);
        await using _ = await lockHost(one.shell, us, signal);
        await stopAgent(one.shell, signal);
        problems.push(...(await clean(one, request)));
        removed.push(one.host.name);
        printNote(request, `${one.host.name}: done`);
      } catch (error) {
        signal.throwIfAborted();
        problems.push(`${one.host.name}: ${(error as Error).message}`);
      }
    }),
  );
  const rest = fleet.hosts.filter(({ name }) => !removed.includes(name));
  if (rest.length > 0) {
    await writeFleet({ ...fleet, hosts: rest });
    return outcome(
      leaving,
      problems,
      `The fleet ${fleet.name} was not removed completely: ${rest.map(({ name }) => name).join(', ')} could not be cleaned up.`,
    );
  }
  await rm(fleet.file, { force: true });
  for (const key of [authorityKeyFile(fleet.name), nextAuthorityKeyFile(fleet.name)]) {
    await rm(key, { force: true });
  }
  return outcome(
    leaving,
    problems,
    `Ended the fleet ${fleet.name}, and removed its file and the key of its authority.`,
  );
}

function reached(host: FleetHost, { sight, fleet }: Work): SeenHost {
  const found = sight.seen.find((one) => one.host.name === host.name);
  if (found !== undefined) return requireOurs(found, fleet);
  const trouble = sight.troubled.find((one) => one.host.name === host.name);
  const message = `${trouble?.error.message ?? `${host.name} could not be reached.`} If ${host.name} is gone for good, run "hawser down ${host.name} --gone".`;
  throw new CliError('unreachable', message);
}

function requireOurs(seen: SeenHost, fleet: Fleet): SeenHost {
  const { record } = seen.facts.agent;
  if (record === undefined || fleet.id === undefined || record.fleet.id === uuidOf(fleet.id)) return seen;
  const message = `${seen.host.name} belongs to another fleet, ${record.fleet.name} (${record.fleet.id}): nothing was changed there.`;
  throw new CliError('other-fleet', message);
}

/** @throws CliError `no-quorum` unless `--force` */
async function orderOf(
  names: readonly string[],
  world: ClientWorld,
  { seen, troubled }: Sight,
  { force, signal }: DownRequest,
): Promise<readonly string[]> {
  if (force) return names;
  const stopped = seen.flatMap(({ host, facts }) => (facts.agent.isRunning ? [] : [host.name]));
  const doubtful = troubled.map(({ host }) => host.name);
  const alive = await findLivingHosts(world, { stopped, doubtful }, { signal });
  const removal = planRemoval({ leaving: names, alive, members: await world.members({ signal }) });
  if (removal.kind === 'in-order') return removal.order;
  const { host, voters } = removal;
  const message = `${host} cannot be taken out: ${removal.alive} of the ${voters} hosts that vote in the cluster are alive, and without ${host} there would be no majority. Bring the others back first, forget those that are gone for good ("hawser down HOST --gone"), or pass --force.`;
  throw new CliError('no-quorum', message);
}

/** The World through a host that stays. */
function openWay(
  { seen }: Sight,
  fleet: Fleet,
  leaving: readonly string[],
  { log, signal }: DownRequest,
): Promise<ClientWorld> {
  const first = seen.find(({ host, facts }) => !leaving.includes(host.name) && facts.agent.servesEtcd);
  if (first !== undefined) return openFleetWorld(first.shell, fleet, { log, signal });
  const message = `No other host of the fleet ${fleet.name} with a running agent can be reached, so no host can leave in an orderly way. To end the fleet, run "hawser down --all".`;
  throw new CliError('unreachable', message);
}

async function withoutHost(fleet: Fleet, name: string): Promise<Fleet> {
  const rest = { ...fleet, hosts: fleet.hosts.filter((host) => host.name !== name) };
  await writeFleet(rest);
  return rest;
}

function outcome(leaving: readonly FleetHost[], problems: readonly string[], text: string): UpOutcome {
  const value = { removed: leaving.map(({ name }) => name), problems };
  const all = [text, ...problems].join(' ');
  return { value, text: all, exitCode: problems.length === 0 ? EXIT_CODES.done : EXIT_CODES.failed };
}
