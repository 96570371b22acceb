import type { Check } from '../check.js';
import type { EtcdFact } from '../facts/etcd-fact.js';
import { type Finding, ok, skipped, wrong } from '../finding.js';
import { onHost } from '../subject.js';

/** Whether the host's agent is alive in the World. */
export const agent: Check<EtcdFact> = {
  name: 'agent',
  title: 'agent',
  look: (patient) => patient.etcd(),
  judge({ world }, subject): Finding {
    if (world === undefined) return skipped('the World could not be read');
    const { hostname, agents } = world;
    const found = agents.get(hostname);
    if (found !== undefined)
      return ok(`${hostname}, alive since ${found.startedAt.replace('T', ' ').slice(0, 19)} UTC`);
    if (!subject.isFleetHost && agents.size === 0) return skipped('no agents in this World');
    return wrong(
      'agent-gone',
      `etcd works, but the agent of ${hostname || subject.name} is not alive in it: nothing deploys to that host or watches its apps.`,
      subject.isFleetHost
        ? 'hawser up'
        : `Start it again: ${onHost(subject, 'systemctl restart hawser.service')}`,
    );
  },
};
