import { describeOtherVersions } from '../../versions/describe-other-versions.js';
import type { Check } from '../check.js';
import type { EtcdFact } from '../facts/etcd-fact.js';
import { type Finding, ok, skipped, wrong } from '../finding.js';

/** Whether the host's agent and this program understand each other. */
export const version: Check<EtcdFact> = {
  name: 'version',
  title: 'version',
  look: (patient) => patient.etcd(),
  judge({ world }, { own, isFleetHost }): Finding {
    const found = world?.agents.get(world.hostname);
    if (world === undefined || found === undefined) return skipped('no agent');
    const { protocol = 0 } = found;
    const said = describeOtherVersions(new Map([[world.hostname, found]]), own);
    if (said === undefined) return ok(`hawser ${found.version}, as here`);
    if (protocol === own.protocol) return ok(`hawser ${found.version}, which works with ${own.version} here`);
    const [sentence = said] = said.split(/: (?:update|run) /);
    return protocol > own.protocol
      ? wrong('newer-agent', `${sentence}.`, 'npm install -g hawser')
      : wrong('older-agent', `${sentence}.`, `hawser upgrade${isFleetHost ? ` ${world.hostname}` : ''}`);
  },
};
