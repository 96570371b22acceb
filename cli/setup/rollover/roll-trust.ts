import type { Log } from '../../../base/log.js';
import type { Member } from '../../../world/client/member-types.js';
import { WorldError } from '../../../world/errors.js';
import { fingerprintsOf, joinAuthorities } from '../certificates/authorities.js';
import { sendTrusted } from '../certificates/send-certificates.js';
import { trustedBy } from '../plan/plan-certificate.js';
import { readInstallRecord } from '../record/read-install-record.js';
import { writeInstallRecord } from '../record/write-install-record.js';
import { restartAgent } from '../service/control-agent.js';
import type { SeenHost } from '../up/look-at-hosts.js';
import { type HostOutcome, type Report, runSteps } from '../up/run-steps.js';
import { orderUpgrade } from '../upgrade/order-upgrade.js';
import type { WaysIn } from '../world/entry-hosts.js';
import { restartInFleet } from '../world/restart-in-fleet.js';
import { startInFleet } from '../world/start-agent-and-wait.js';
import { untilOthersCarryOn } from '../world/until-others-carry-on.js';

/** For the first look at the cluster, while a leader may be elected. */
const ANSWER_MS = 15_000;

/** Hosts, and what they are to trust. */
export interface TrustRoll {
  readonly hosts: readonly SeenHost[];
  /** Those of them whose agents do not run. */
  readonly stopped: readonly string[];
  readonly authorities: readonly string[];
  readonly ways: WaysIn;
  /** Whether a restart may stop the fleet for a moment. */
  readonly mayStop: boolean;
  readonly report: Report;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/**
 * Starts the agents of hosts again with other authorities to trust: first those that do not run, at once, and then the others
 * one after another, the leader of etcd last. Each is back, and a majority answers without the next one, before that one is
 * touched; the first that fails is the last. A fleet that does not answer is started again as a whole.
 */
export async function rollTrust(roll: TrustRoll): Promise<HostOutcome[]> {
  const [first] = roll.hosts;
  if (first === undefined) return [];
  const found = await lookAtCluster(first.host.name, roll);
  const names = roll.hosts.map(({ host }) => host.name);
  if (found === undefined) return await changeAtOnce(names, roll, false);
  const outcomes = await changeAtOnce(roll.stopped, roll, true);
  const rest = names.filter((name) => !roll.stopped.includes(name));
  for (const name of orderUpgrade(rest, found.members, found.leader)) {
    const failed = outcomes.find(({ kind }) => kind === 'failed');
    outcomes.push(
      failed === undefined
        ? await changeTrust(name, roll, (one, change) => restartInTurn(one, change, roll))
        : { kind: 'waiting', host: name, for: failed.host },
    );
  }
  return outcomes;
}

interface Cluster {
  readonly members: readonly Member[];
  readonly leader: string | undefined;
}

/** Undefined while no majority answers. */
async function lookAtCluster(name: string, { ways, signal }: TrustRoll): Promise<Cluster | undefined> {
  if (!ways.isOpen) return undefined;
  await using world = await ways.around(name);
  try {
    const call = { signal, timeoutMs: ANSWER_MS };
    const members = await world.members(call);
    const { leader } = await world.client.cluster.status(undefined, call);
    return { members, leader };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof WorldError && error.code === 'unavailable') return undefined;
    throw error;
  }
}

type Restart = (one: SeenHost, change: () => Promise<void>) => Promise<void>;

/** @param waits whether there is a fleet that they can be seen to join */
function changeAtOnce(names: readonly string[], roll: TrustRoll, waits: boolean): Promise<HostOutcome[]> {
  const restart: Restart = async ({ shell, host }, change) => {
    await change();
    const { ways, signal } = roll;
    if (!waits) return restartAgent(shell, signal);
    const openWorld = () => ways.around(host.name);
    await startInFleet({ shell, host, startedBefore: undefined, openWorld, signal });
  };
  return Promise.all(names.map((name) => changeTrust(name, roll, restart)));
}

async function restartInTurn(
  { shell, host }: SeenHost,
  change: () => Promise<void>,
  { ways, mayStop, signal }: TrustRoll,
): Promise<void> {
  await using world = await ways.around(host.name);
  const through = (name: string) => ways.through(name);
  if (!mayStop) await untilOthersCarryOn({ hostname: host.name, world, through, signal });
  await restartInFleet({ shell, world, signal, change });
}

/** What its etcd trusts is noted before it may change, and after it has. */
function changeTrust(name: string, roll: TrustRoll, restart: Restart): Promise<HostOutcome> {
  const { hosts, authorities, signal } = roll;
  const one = hosts.find(({ host }) => host.name === name);
  if (one === undefined) throw new RangeError(`${name} was not looked at`);
  const { shell, facts } = one;
  const trusted = joinAuthorities(authorities);
  const run = async (): Promise<string> => {
    const record = await readInstallRecord(shell, signal);
    const { trusts = trustedBy(facts.agent) } = record;
    if (record.trusts === undefined) await writeInstallRecord(shell, { ...record, trusts }, signal);
    await restart(one, () => sendTrusted(shell, trusted, signal));
    await writeInstallRecord(shell, { ...record, trusts: fingerprintsOf(trusted) }, signal);
    return authorities.length === 1 ? 'trusts only the new authority' : 'trusts the new authority, too';
  };
  return runSteps(name, [{ name: 'restart it with other authorities to trust', run }], roll);
}
