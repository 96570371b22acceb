import { counted, formatBytes, listed } from '../../output/format-quantities.js';
import type { Check } from '../check.js';
import { type EtcdFact, isOtherFleet } from '../facts/etcd-fact.js';
import { type Finding, ok, skipped, wrong } from '../finding.js';
import { onHost, type Subject } from '../subject.js';

/** Whether etcd answers, has a majority, and takes writes. */
export const etcd: Check<EtcdFact> = {
  name: 'etcd',
  title: 'etcd',
  look: (patient) => patient.etcd(),
  judge(fact, subject): Finding {
    const { through, status, error, members, alarms } = fact;
    if (through === undefined) return skipped('hawser is not set up here');
    if (status === undefined) {
      if (isOtherFleet(error)) return skipped('of another fleet');
      return judgeSilence(fact, subject);
    }
    const { name } = subject;
    if (status.leader === '0') {
      const most = Math.floor(members.length / 2) + 1;
      return wrong(
        'no-quorum',
        `etcd runs on ${name}, but has no leader: ${most} of its ${counted(members.length, 'member')} (${listed(members.map((one) => one.name || one.id))}) have to run and reach each other, and do not.`,
        'Bring the others back; "hawser status" shows which. If they are gone for good: hawser members recover',
      );
    }
    if (error !== undefined && !isOtherFleet(error)) {
      return wrong('etcd-refuses', error.message, 'Mend what it names; "hawser members" shows the cluster.');
    }
    return judgeAlarms(alarms, members) ?? judgeRole(fact, subject) ?? ok(describe(fact));
  },
};

function judgeSilence({ error, through }: EtcdFact, subject: Subject): Finding {
  const { name } = subject;
  if (through === 'others') {
    return wrong(
      'etcd-unreachable',
      `No etcd runs on ${name}, and none of the other hosts leads to one. ${error?.message ?? ''}`.trim(),
      'Examine the others: hawser doctor',
    );
  }
  return wrong(
    'etcd-silent',
    `etcd on ${name} accepts connections but does not answer: it is starting, stuck, or waiting for its disk. ${error?.message ?? ''}`.trim(),
    `See what it says: ${onHost(subject, 'journalctl -u hawser.service -n 50')}`,
  );
}

function judgeAlarms(alarms: EtcdFact['alarms'], members: EtcdFact['members']): Finding | undefined {
  const named = (kind: string) => {
    const ids = alarms.filter((alarm) => alarm.kind === kind).map(({ memberId }) => memberId);
    return ids.map((id) => members.find((member) => member.id === id)?.name ?? id);
  };
  const full = named('Nospace');
  if (full.length > 0) {
    return wrong(
      'alarm-nospace',
      `The etcd database of ${listed(full)} has reached its quota: the fleet can be read, but nothing can be written.`,
      'hawser members defrag',
    );
  }
  const corrupt = named('Corrupt');
  if (corrupt.length === 0) return undefined;
  return wrong(
    'alarm-corrupt',
    `The etcd data of ${listed(corrupt)} differs from that of the other members: a disk or a crash has damaged it.`,
    `Take the host out and set it up again: hawser down ${corrupt[0]} && hawser up`,
  );
}

/** A member of the cluster whose etcd cannot be entered on its own host. */
function judgeRole({ through, members }: EtcdFact, { name }: Subject): Finding | undefined {
  if (through !== 'others' || !members.some((member) => member.name === name)) return undefined;
  return wrong(
    'etcd-stopped',
    `${name} is a member of the cluster, and its agent runs, but no etcd does there.`,
    'hawser up',
  );
}

function describe({ status, members, through }: EtcdFact): string {
  const leader = members.find(({ id }) => id === status?.leader)?.name ?? 'unknown';
  const where = through === 'others' ? 'through other hosts: ' : '';
  return `${where}${status?.version}, ${counted(members.length, 'member')}, led by ${leader}, ${formatBytes(status?.dbSizeBytes ?? 0)}`;
}
