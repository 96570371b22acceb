import type { ClientWorld } from '../../../world/client-world.js';
import { CliError } from '../../errors.js';
import { EXIT_CODES } from '../../exit-codes.js';
import { findFleet } from '../../fleet/file/find-fleet-file.js';
import type { Fleet } from '../../fleet/file/fleet.js';
import { selectHosts } from '../../fleet/file/select-hosts.js';
import { lines, printNote } from '../../output/print.js';
import { writeRemark } from '../../output/write-output.js';
import { canAsk, confirm } from '../../prompts/confirm.js';
import { lookForOtherVersions } from '../../versions/warn-of-other-versions.js';
import { connectOptions } from '../host/connect-options.js';
import { lockFleet } from '../lock/lock-fleet-in-etcd.js';
import { lockUnchanged } from '../lock/lock-hosts.js';
import { ourselves } from '../lock/lock-owner.js';
import { type LocalProgram, PROGRAMS_FOLDER, releaseOf } from '../programs/local-program.js';
import { prepareBundle } from '../programs/prepare-bundle.js';
import { hasRuntime, prepareRuntime } from '../programs/prepare-runtime.js';
import { showSending } from '../programs/show-sending.js';
import { uuidOf } from '../record/install-record.js';
import { lookAtHosts, type SeenHost, type Sight } from '../up/look-at-hosts.js';
import type { UpOutcome } from '../up/sum-up.js';
import { openFleetWorld } from '../world/open-fleet-world.js';
import { orderUpgrade } from './order-upgrade.js';
import { upgradeHost } from './upgrade-host.js';
import type { UpgradeRequest } from './upgrade-request.js';

/** Gives hosts this version of hawser, one after the other. @throws CliError `failed` at the first that does not take it */
export async function upgrade(request: UpgradeRequest): Promise<UpOutcome> {
  const fleet = await findFleet(request);
  if (fleet === undefined) {
    throw new CliError('usage', 'No fleet is known here: name the one to upgrade with --fleet.');
  }
  const { signal, log } = request;
  const selected = selectHosts(fleet, request.hosts ?? 'all').map(({ name }) => name);
  const wanted = fleet.hosts.map((host) => ({ ...host, isNameless: false }));
  await using sight = await lookAtHosts(wanted, connectOptions(fleet, request));
  const bundle = await prepareBundle();
  requireReached(selected, sight);
  const todo = sight.seen.filter(
    ({ host, facts }) => selected.includes(host.name) && facts.agent.release !== releaseOf(bundle),
  );
  const names = todo.map(({ host }) => host.name);
  if (names.length === 0) {
    const text = `Nothing to do: ${selected.join(', ')} ${selected.length === 1 ? 'runs' : 'run'} hawser ${bundle.version} already.`;
    return { value: { upgraded: [], version: bundle.version }, text, exitCode: EXIT_CODES.done };
  }
  await using overview = await openFleetWorld(wayAround(sight, names[0]).shell, fleet, { log, signal });
  const order = orderUpgrade(names, await overview.members({ signal }), await leaderOf(overview, signal));
  if (request.plan) return planned(order, todo, bundle);
  if (!request.json) writeRemark(lines(planLines(order, todo, bundle)));
  await requireConsent(request);
  const us = ourselves('upgrade');
  await using _ = await lockFleet(overview, fleet.name, us, signal);
  for (const name of order) {
    const one = todo.find(({ host }) => host.name === name);
    if (one === undefined) continue;
    await using _lock = await lockUnchanged(one, us, signal);
    await using world = await openFleetWorld(wayAround(sight, name).shell, fleet, { log, signal });
    await upgradeHost({
      ...{ shell: one.shell, record: recordOf(one, fleet), bundle, world, log, signal },
      runtime: await runtimeFor(one, request),
      report: (said) => printNote(request, `${name}: ${said}`),
      showSending: (host) => showSending(host, request),
    });
  }
  await lookForOtherVersions(overview, log, signal);
  const text = `${order.join(', ')} ${order.length === 1 ? 'runs' : 'run'} hawser ${bundle.version} now.`;
  return { value: { upgraded: order, version: bundle.version }, text, exitCode: EXIT_CODES.done };
}

/** @throws CliError `unreachable` before anything is changed */
function requireReached(selected: readonly string[], { troubled }: Sight): void {
  const away = troubled.filter(({ host }) => selected.includes(host.name));
  if (away.length === 0) return;
  const each = away.map(({ host, error }) => `${host.name}: ${error.message}`).join(' ');
  const hosts = Object.fromEntries(away.map(({ host, error }) => [host.name, error.message]));
  throw new CliError('unreachable', `Nothing was upgraded, because not every host can be reached. ${each}`, {
    hosts,
  });
}

/** @throws CliError `failed` for a host that `up` has not finished; `other-fleet` */
function recordOf({ host, facts }: SeenHost, fleet: Fleet) {
  const { record } = facts.agent;
  if (record === undefined || record.state !== 'installed') {
    throw new CliError('failed', `${host.name} is not set up completely: run "hawser up" first.`);
  }
  if (fleet.id !== undefined && record.fleet.id !== uuidOf(fleet.id)) {
    const message = `${host.name} belongs to another fleet, ${record.fleet.name} (${record.fleet.id}).`;
    throw new CliError('other-fleet', message);
  }
  return record;
}

/** A host that serves while another one restarts; the same one where there is no other. */
function wayAround({ seen }: Sight, name: string | undefined): SeenHost {
  const running = seen.filter(({ facts }) => facts.agent.servesEtcd);
  const way = running.find(({ host }) => host.name !== name) ?? running[0];
  if (way !== undefined) return way;
  throw new CliError(
    'unreachable',
    'No agent of the fleet runs on a host that can be reached: run "hawser up" first.',
  );
}

/** Undefined where the member that answers does not know. */
async function leaderOf(world: ClientWorld, signal: AbortSignal): Promise<string | undefined> {
  return (await world.client.cluster.status(undefined, { signal })).leader;
}

/** A host that has a runtime of ours gets the one of this version. */
async function runtimeFor({ facts }: SeenHost, request: UpgradeRequest): Promise<LocalProgram | undefined> {
  const isOurs = facts.agent.record?.runtime?.startsWith(`${PROGRAMS_FOLDER}/`) === true;
  const { architecture } = facts;
  if (!isOurs || !hasRuntime(architecture)) return undefined;
  const say = (doing: string) => printNote(request, `${doing} …`);
  return prepareRuntime({ architecture, file: request.runtime, say, signal: request.signal });
}

function planLines(order: readonly string[], todo: readonly SeenHost[], bundle: LocalProgram): string[] {
  const from = (name: string) =>
    todo.find(({ host }) => host.name === name)?.facts.agent.record?.version ?? 'an unknown version';
  return [
    `Upgrade to hawser ${bundle.version} (${releaseOf(bundle)}), one host after the other:`,
    ...order.map((name) => `  ${name}  from ${from(name)}`),
  ];
}

function planned(order: readonly string[], todo: readonly SeenHost[], bundle: LocalProgram): UpOutcome {
  const value = { order, version: bundle.version };
  return { value, text: lines(planLines(order, todo, bundle)), exitCode: EXIT_CODES.done };
}

async function requireConsent({ yes, json, signal }: UpgradeRequest): Promise<void> {
  if (yes) return;
  if (json || !canAsk()) {
    const message = 'Nothing was changed: without a terminal to confirm on, pass --yes.';
    throw new CliError('not-confirmed', message);
  }
  if (await confirm('Go ahead?', { signal, byDefault: true })) return;
  throw new CliError('declined', 'Nothing was changed.');
}
