import type { Check } from '../check.js';
import type { LoginFact } from '../facts/login-fact.js';
import { type Finding, ok, wrong } from '../finding.js';
import { onHost } from '../subject.js';

/** Whether both sides have algorithms in common and the handshake comes to its end. */
export const keyExchange: Check<LoginFact> = {
  name: 'key-exchange',
  title: 'key exchange',
  isBeforeLogin: true,
  look: (patient) => patient.login(),
  judge({ error }, subject): Finding {
    const { name, place, destination } = subject;
    if (error === undefined) return ok('done');
    switch (error.code) {
      case 'no-common-algorithm':
        return wrong(
          'no-common-algorithm',
          error.message.replace(/ If it is too old.*$/s, ''),
          `Update the SSH server of ${name}; or allow it for this host alone, in ~/.ssh/config below "Host ${destination.alias}": ${error.algorithmOption ?? 'KexAlgorithms'} +NAME`,
        );
      case 'bad-destination':
        return wrong('ssh-config', error.message, 'Correct what it names, in ~/.ssh/config or in the flags.');
      case 'unreachable':
      case 'closed':
        return wrong(
          'handshake-failed',
          destination.proxyCommand === undefined && destination.jumps.length === 0
            ? `The SSH handshake with ${place} did not come to its end. ${error.message}`
            : error.message,
          destination.jumps.length > 0
            ? `Examine the way there first: hawser doctor ${destination.jumps.map(({ user, host, port }) => `${user}@${host}:${port}`)[0]}`
            : `See what both sides say: ${onHost(subject, '-v true')}`,
        );
      default:
        return ok('done');
    }
  },
};
