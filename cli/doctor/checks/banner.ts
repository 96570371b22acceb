import { formatHostPort } from '../../../base/format-host-port.js';
import type { Check } from '../check.js';
import type { DialledServer } from '../facts/dial-server.js';
import { type Finding, ok, skipped, wrong } from '../finding.js';
import type { Subject } from '../subject.js';

/** How much of what is no SSH server is quoted. */
const MOST_QUOTED = 60;

/** Whether an SSH server introduces itself. */
export const banner: Check<DialledServer> = {
  name: 'banner',
  title: 'SSH banner',
  isBeforeLogin: true,
  look: (patient) => patient.server(),
  judge(dialled, subject) {
    const { address, words } = dialled;
    if (address === undefined) return skipped('a command connects (ProxyCommand)');
    const [, protocol = '', software] = /^SSH-([\d.]+)-([^\r\n]{0,100})/m.exec(words) ?? [];
    const place = formatHostPort(address.host, address.port);
    if (software === undefined) return judgeSilence(dialled, place, subject);
    if (protocol === '2.0' || protocol === '1.99') return ok(software);
    const message = `The SSH server at ${place} speaks only protocol ${protocol} (${software}), which nothing uses any more.`;
    return wrong('old-protocol', message, 'Update its SSH server.');
  },
};

function judgeSilence({ words, ended }: DialledServer, place: string, { destination }: Subject): Finding {
  const said = (words.trim().split(/\r?\n/)[0] ?? '').slice(0, MOST_QUOTED);
  if (/MaxStartups/i.test(said)) {
    return wrong(
      'too-many-logins',
      `The SSH server at ${place} turns new connections away, because too many logins are in progress there (MaxStartups).`,
      'Wait for the others, or raise MaxStartups in its sshd_config.',
    );
  }
  if (/^Not allowed at this time/i.test(said)) {
    return wrong(
      'penalised',
      `The SSH server at ${place} lets this address in no more for a while, after failed logins (PerSourcePenalties).`,
      'Wait a few minutes, and find out who failed to log in from this network.',
    );
  }
  if (said !== '') {
    return wrong(
      'not-ssh',
      `What listens at ${place} is no SSH server: it says "${said}".`,
      `Correct the port (${destination.port}) of the destination.`,
    );
  }
  if (ended === 'silent') {
    return wrong(
      'silent-server',
      `${place} accepts connections and then says nothing: what listens there hangs, is overloaded, or is no SSH server.`,
      `Restart the SSH server on the host's console with "systemctl restart ssh", or correct the port (${destination.port}).`,
    );
  }
  return wrong(
    'hangs-up',
    `${place} accepts connections and closes them at once, without a word: TCP wrappers or fail2ban may have locked this machine out, or the port is another program's.`,
    'Look for this machine in "fail2ban-client status sshd" and in /etc/hosts.deny, on the host\'s console.',
  );
}
