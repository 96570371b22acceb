import type { Check } from '../check.js';
import type { HostFact } from '../facts/host-fact.js';
import { ok, wrong } from '../finding.js';

/** Whether commands run on the host, and who runs them. */
export const commands: Check<HostFact> = {
  name: 'commands',
  title: 'commands',
  look: (patient) => patient.host(),
  judge({ execError, rootError, facts, look }, { name, destination }) {
    if (facts === undefined || look === undefined) {
      return wrong(
        'no-commands',
        `${destination.user} can log in to ${name}, but cannot run commands there as on a Linux host with sh: ${execError ?? 'it did not say what it is'}.`,
        `Give ${destination.user} a shell there, and take restrictions such as command="…", ForceCommand or ChrootDirectory away.`,
      );
    }
    if (rootError === undefined) return ok('run as root');
    return ok(`run as ${destination.user}, not as root, so some things cannot be seen`);
  },
};
