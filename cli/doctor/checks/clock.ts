import { CLOCK_LIMIT_MS } from '../../../world/agents/host-health.js';
import type { Check } from '../check.js';
import type { HostFact } from '../facts/host-fact.js';
import { ok, wrong } from '../finding.js';
import { onHost } from '../subject.js';

/** Whether the host's clock and this machine's say the same. */
export const clock: Check<HostFact> = {
  name: 'clock',
  title: 'clock',
  look: (patient) => patient.host(),
  judge({ facts }, subject) {
    const skewMs = facts?.clockSkewMs ?? 0;
    const seconds = Math.round(Math.abs(skewMs) / 1_000);
    if (Math.abs(skewMs) <= CLOCK_LIMIT_MS)
      return ok(seconds === 0 ? 'the same as here' : `${seconds} s off`);
    const side = skewMs > 0 ? 'ahead of' : 'behind';
    return wrong(
      'clock',
      `The clock of ${subject.name} is ${seconds} s ${side} this machine's: certificates may not count there yet or any more, and times in its logs are wrong.`,
      `Set it there, unless it is this machine's that is wrong: ${onHost(subject, 'timedatectl set-ntp true')}`,
    );
  },
};
