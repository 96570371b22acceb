import type { Check } from '../check.js';
import type { WayFact } from '../facts/way-fact.js';
import { type Finding, ok, skipped, wrong } from '../finding.js';
import { onHost, type Subject } from '../subject.js';

/** Whether the SSH server leads to etcd. What else could be wrong with a socket was looked at before. */
export const forwarding: Check<WayFact> = {
  name: 'forwarding',
  title: 'forwarding to etcd',
  look: (patient) => patient.way(),
  judge({ seed, error, forwardsElsewhere = false }, subject): Finding {
    if (seed === undefined) return skipped('no etcd runs on this host');
    if (error === undefined) return ok(subject.usesBridge ? `${seed}, by a command` : seed);
    if (subject.usesBridge) {
      return wrong('bridge', error.message, 'hawser up');
    }
    if (seed.startsWith('unix:')) return judgeSocket(seed, subject);
    if (error.refusal === 'forbidden') return judgeTcp(seed, forwardsElsewhere, subject);
    if (error.refusal === 'not-listening') {
      return wrong(
        'etcd-not-listening',
        `Nothing listens at ${seed} on ${subject.name}: SSH forwards there, but etcd does not run, or serves at another address.`,
        `See what listens there: ${onHost(subject, 'ss -ltnp')}`,
      );
    }
    return wrong(
      'no-way-to-etcd',
      `No way leads from ${subject.name} to ${seed}: ${error.message}`,
      `Check the address of the seed; or name that host itself with --ssh-url.`,
    );
  },
};

function judgeSocket(seed: string, subject: Subject): Finding {
  const { place, isFleetHost } = subject;
  return wrong(
    'stream-forwarding-forbidden',
    `The SSH server of ${place} does not forward to ${seed}, although the socket is there and open to you: its sshd_config forbids it (AllowStreamLocalForwarding, DisableForwarding), or the key in authorized_keys does (restrict).`,
    isFleetHost
      ? 'hawser up finds another way (a command on the host); or set "AllowStreamLocalForwarding local" in its sshd_config and run: systemctl reload ssh'
      : 'Set "AllowStreamLocalForwarding local" in its sshd_config, then: systemctl reload ssh',
  );
}

function judgeTcp(seed: string, forwardsElsewhere: boolean, { place }: Subject): Finding {
  const address = seed.replace(/^[a-z]+:\/\//, '');
  if (forwardsElsewhere) {
    return wrong(
      'forwarding-limited',
      `The SSH server of ${place} forwards, but not to ${address}: its sshd_config (PermitOpen) or the key in authorized_keys (permitopen) names other addresses only.`,
      `Add the address to it: PermitOpen ${address}; then: systemctl reload ssh`,
    );
  }
  return wrong(
    'forwarding-forbidden',
    `The SSH server of ${place} forbids all forwarding of TCP: its sshd_config (AllowTcpForwarding, DisableForwarding) or the key in authorized_keys (restrict) says so.`,
    'Set "AllowTcpForwarding local" in its sshd_config, then: systemctl reload ssh',
  );
}
