import { uuidOf } from '../../setup/record/install-record.js';
import type { Check } from '../check.js';
import type { HostFact } from '../facts/host-fact.js';
import type { LookFact, UnitFact } from '../facts/parse-look.js';
import { type Finding, ok, skipped, wrong } from '../finding.js';
import { onHost, type Subject } from '../subject.js';

/** Whether the agent that `up` installed is there, of this fleet, and runs. */
export const service: Check<HostFact> = {
  name: 'service',
  title: 'service',
  look: (patient) => patient.host(),
  judge({ facts, look }, subject): Finding {
    if (facts === undefined || look === undefined) return skipped('nothing is known of the host');
    const { name, isFleetHost, fleetId } = subject;
    const { record, isRecordUnreadable, isRunning } = facts.agent;
    if (isRecordUnreadable) {
      return wrong(
        'newer-record',
        `What hawser noted on ${name} (/opt/hawser/install.json) cannot be read by this version: a newer one set the host up.`,
        'Update hawser on this machine: npm install -g hawser',
      );
    }
    if (record === undefined) return judgeBare(look, subject);
    if (fleetId !== undefined && record.fleet.id !== uuidOf(fleetId)) {
      return wrong(
        'other-fleet',
        `${name} belongs to another fleet, ${record.fleet.name} (${record.fleet.id}), not to ${fleetId}.`,
        `Use that one with --fleet ${record.fleet.name}; or take the host out of it where it is known: hawser down ${record.hostname} --fleet ${record.fleet.name}`,
      );
    }
    if (record.state === 'in-progress') {
      return wrong(
        'unfinished',
        `${name} is set up only in part: a "hawser up" began there at ${record.at} and did not come to its end.`,
        upAgain(isFleetHost),
      );
    }
    const { unit } = look;
    const trouble = unit === undefined ? undefined : judgeUnit(unit, look, subject);
    if (trouble !== undefined) return trouble;
    if (isRunning) return ok(`the agent runs, hawser ${record.version ?? 'of an unknown version'}`);
    return wrong(
      'agent-stopped',
      `The agent of ${name} does not run: nothing keeps it running.`,
      upAgain(isFleetHost),
    );
  },
};

/** A host that `up` never came to may have an agent that somebody started by hand. */
function judgeBare({ unit, isListening, socket }: LookFact, { name, isFleetHost, place }: Subject): Finding {
  if (isListening) return skipped('the agent was started by hand');
  if (socket === undefined && isFleetHost) return skipped('"hawser up" was never here');
  if (!isFleetHost) {
    return unit?.load === 'loaded'
      ? wrong(
          'no-record',
          `${place} has a hawser.service that no "hawser up" has noted.`,
          `See what it is: ssh ${place} systemctl cat hawser.service`,
        )
      : skipped('hawser is not set up here');
  }
  return wrong(
    'not-set-up',
    `${name} is in the fleet file, but hawser is not set up there: neither a record of "hawser up" nor an agent is on the host.`,
    'hawser up',
  );
}

function judgeUnit(unit: UnitFact, { log }: LookFact, subject: Subject): Finding | undefined {
  const { name, isFleetHost } = subject;
  const last = log.at(-1);
  const words = last === undefined ? '' : ` Its log ends with "${last.slice(0, 300)}".`;
  if (unit.file === 'masked' || unit.load === 'masked') {
    return wrong(
      'unit-masked',
      `Somebody has masked hawser.service on ${name}, so nothing can start the agent.`,
      onHost(subject, "'systemctl unmask hawser.service && systemctl start hawser.service'"),
    );
  }
  if (unit.load === 'not-found') {
    return wrong('unit-missing', `The unit hawser.service is gone from ${name}.`, upAgain(isFleetHost));
  }
  if (unit.sub === 'auto-restart') {
    return wrong(
      'agent-restarts',
      `The agent of ${name} ends again and again; systemd has started it ${unit.restarts} times.${words}`,
      `Mend what it says there; all of its log: ${onHost(subject, 'journalctl -u hawser.service -n 50')}`,
    );
  }
  if (unit.active === 'failed') {
    return wrong(
      'unit-failed',
      `hawser.service on ${name} has failed (${unit.result}), and systemd does not start it again.${words}`,
      upAgain(isFleetHost),
    );
  }
  if (unit.active === 'inactive') {
    return wrong(
      'agent-stopped',
      `The agent of ${name} is stopped: somebody stopped hawser.service${unit.file === 'disabled' ? ', and it does not start at boot either' : ''}.`,
      upAgain(isFleetHost),
    );
  }
  return undefined;
}

function upAgain(isFleetHost: boolean): string {
  return isFleetHost ? 'hawser up' : 'hawser up, for the fleet that the host belongs to';
}
