import { CliError, type CliErrorCode } from '../../errors.js';
import { EXIT_CODES, exitCodeOf } from '../../exit-codes.js';
import type { Fleet, FleetHost } from '../../fleet/file/fleet.js';
import { checkHost } from '../facts/check-host.js';
import type { LeftOut } from '../plan/format-plan.js';
import { type HostPlan, type PlanContext, planHost } from '../plan/plan-host.js';
import { uuidOf } from '../record/install-record.js';
import type { RolloverPlan } from '../rollover/plan-rollover.js';
import { chooseAddress } from './choose-address.js';
import { chooseFounder, type Founding } from './choose-founder.js';
import type { SeenHost, Sight } from './look-at-hosts.js';

/** A host that is left out, and the error that says why. */
export interface Refusal extends LeftOut {
  readonly error: Error;
}

/** What is to be done in the fleet. */
export interface FleetPlan {
  readonly hosts: readonly HostPlan[];
  readonly refusals: readonly Refusal[];
  readonly founding: Exclude<Founding, { readonly kind: 'unclear' }>;
}

/** What is to be done in the fleet, and how its authority changes. */
export interface WholePlan extends FleetPlan {
  readonly rollover: RolloverPlan | undefined;
}

/** Decides from what was seen what is to be done. @throws CliError `failed` where it is unclear who has the cluster */
export function planFleet(
  sight: Sight,
  fleet: Pick<Fleet, 'name' | 'hosts'>,
  context: PlanContext & { readonly hasId: boolean },
): FleetPlan {
  const hosts: HostPlan[] = [];
  const refusals: Refusal[] = sight.troubled.map(({ host, error }) => refusal(host, error));
  for (const one of sight.seen) {
    try {
      hosts.push(planSeen(one, context));
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      refusals.push(refusal(one.host, error));
    }
  }
  const founding = foundingOf(sight, fleet, hosts, context);
  if (founding.kind !== 'unclear') return { hosts, refusals, founding };
  // Why nobody can take part says more.
  if (hosts.length === 0) return { hosts, refusals, founding: { kind: 'join' } };
  throw isUnclear(fleet.name, founding.unreached, refusals);
}

function isUnclear(fleet: string, unreached: readonly string[], refusals: readonly Refusal[]): CliError {
  const names = unreached.join(', ');
  const why = refusals.flatMap(({ host, message }) => (unreached.includes(host) ? [message] : []));
  const message = `No host that can be reached has the cluster of the fleet ${fleet}, and ${names} may have it: a second one must not be made. Bring ${names} back, or take it out with "hawser down ${unreached[0]} --gone". ${why.join(' ')}`;
  return new CliError('failed', message);
}

function planSeen(seen: SeenHost, context: PlanContext): HostPlan {
  const { host, facts, shell } = seen;
  const [problem] = checkHost(facts, { ...context, name: host.name });
  if (problem !== undefined) throw problem;
  const address = chooseAddress(host, facts);
  return planHost({ host: { ...host, address }, facts, user: shell.user, sudo: shell.sudo }, context);
}

function foundingOf(
  { seen }: Sight,
  fleet: Pick<Fleet, 'hosts'>,
  planned: readonly HostPlan[],
  { hasId, fleet: { id } }: PlanContext & { readonly hasId: boolean },
): Founding {
  const isOurs = (one: SeenHost) => one.facts.agent.record?.fleet.id === uuidOf(id);
  const names = new Set([...fleet.hosts.map(({ name }) => name), ...planned.map(({ host }) => host.name)]);
  const sightings = [...names].map((name) => {
    const found = seen.find(({ host }) => host.name === name);
    const known = fleet.hosts.find((host) => host.name === name);
    return {
      name,
      isReached: found !== undefined,
      isKnown: known !== undefined && known.hostKeys.length > 0,
      hasCluster: found !== undefined && isOurs(found) && found.facts.agent.hasClusterData,
      isFounder: found !== undefined && isOurs(found) && found.facts.agent.record?.isFounder === true,
    };
  });
  const founding = chooseFounder(sightings, hasId);
  if (founding.kind !== 'found') return founding;
  const candidates = founding.candidates.filter((name) => planned.some(({ host }) => host.name === name));
  return { kind: 'found', candidates };
}

function refusal(host: FleetHost, error: Error): Refusal {
  return { host: host.name, message: error.message, error };
}

/** What to throw where no host is left. */
export function nobodyCanTakePart({ refusals }: FleetPlan): Error {
  const [first, ...others] = refusals;
  if (first === undefined) throw new RangeError('no host was looked at');
  if (others.length === 0) return first.error;
  const each = refusals.map(({ host, message }) => `${host}: ${message}`).join(' ');
  const message = `No host can take part, and nothing was changed. ${each}`;
  return new CliError(codeOf(refusals), message, { hosts: reasonsOf(refusals) });
}

/** The code that all of them have, if there is one. */
function codeOf(refusals: readonly Refusal[]): CliErrorCode {
  // Such as for a host key that has changed.
  if (refusals.every(({ error }) => exitCodeOf(error) === EXIT_CODES.refused)) return 'refused';
  const codes = refusals.map(({ error }) => (error instanceof CliError ? error.code : 'unreachable'));
  const [code = 'failed'] = codes.every((one) => one === codes[0]) ? codes : [];
  return code;
}

function reasonsOf(refusals: readonly Refusal[]): Record<string, string> {
  return Object.fromEntries(refusals.map(({ host, message }) => [host, message]));
}

/** @throws CliError for a new authority that not every host of the fleet can be given */
export function requireAll({ rollover, refusals }: WholePlan): void {
  const away = refusals.filter(({ host }) => rollover?.waitsFor.includes(host) === true);
  if (away.length === 0) return;
  const each = away.map(({ host, message }) => `${host}: ${message}`).join(' ');
  const message = `The authority was not changed, because every host of the fleet has to take part. ${each} Fix that first, or take out hosts that are gone for good with "hawser down HOSTS --gone".`;
  throw new CliError(codeOf(away), message, { hosts: reasonsOf(away) });
}
