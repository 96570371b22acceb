import type { Check } from '../check.js';
import type { KnownKey, LoginFact } from '../facts/login-fact.js';
import { type Finding, ok, wrong } from '../finding.js';
import { onHost, type Subject } from '../subject.js';

/** How many of the keys that are known are told. */
const MOST_TOLD = 3;

const COMPARE = 'Compare it with what "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub" says on its console';

/** Whether the host proved to have the key that is known for it. */
export const hostKey: Check<LoginFact> = {
  name: 'host-key',
  title: 'host key',
  isBeforeLogin: true,
  look: (patient) => patient.login(),
  judge({ error, known }, subject): Finding {
    const { place, pinnedAt, destination } = subject;
    const fingerprint = error?.fingerprint ?? 'an unreadable one';
    switch (error?.code) {
      case 'host-key-changed':
        return changed(error.file === undefined ? pinnedAt : `${error.file}:${error.line}`);
      case 'host-key-revoked':
        return wrong(
          'host-key-revoked',
          `The host key of ${place}, ${fingerprint}, is revoked in ${error.file ?? 'a known_hosts file'}${error.line === undefined ? '' : `:${error.line}`}: whoever has the key may pose as this host.`,
          'Make new host keys on its console: rm /etc/ssh/ssh_host_* && ssh-keygen -A && systemctl restart ssh',
        );
      case 'host-key-unknown':
        if (error.file !== undefined) {
          return wrong('known-hosts', error.message, `Make it readable: chmod u+r ${error.file}`);
        }
        return wrong(
          'host-key-unknown',
          `The host key of ${place}, ${fingerprint}, is not known: no line of ${destination.knownHostsFiles[0] ?? 'known_hosts'} and no fleet file has it.`,
          `${COMPARE}, then accept it once: ${onHost(subject, 'true')}`,
        );
      case 'host-key-unproven':
        return wrong('host-key-unproven', error.message, 'Try from another network.');
      default:
        return ok(tell(known));
    }

    function changed(where: string | undefined): Finding {
      const expected = error?.expectedFingerprints.slice(0, MOST_TOLD).join(' or ') || 'another one';
      const message = `${place} has the host key ${fingerprint}, but ${where ?? 'what is known of it'} says ${expected}: the host was reinstalled, or somebody is intercepting the connection.`;
      const isFleetFile = error?.file === undefined && pinnedAt !== undefined;
      const remedy = isFleetFile
        ? `put the new key there: hawser fleet edit`
        : `forget the old one: ssh-keygen -f ${error?.file ?? '~/.ssh/known_hosts'} -R ${nameIn(subject)}`;
      return wrong('host-key-changed', message, `${COMPARE}. If that is the same, ${remedy}`);
    }
  },
};

/** As known_hosts has it. */
function nameIn({ destination: { host, port } }: Subject): string {
  return port === 22 ? host : `'[${host}]:${port}'`;
}

function tell(known: readonly KnownKey[]): string {
  const told = known
    .slice(0, MOST_TOLD)
    .map(({ type, fingerprint, place }) => `${type} ${fingerprint} (${place})`);
  return told.length === 0 ? 'accepted' : told.join(', ');
}
