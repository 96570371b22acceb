import { listed } from '../../output/format-quantities.js';
import type { Check } from '../check.js';
import { type EtcdFact, isOtherFleet } from '../facts/etcd-fact.js';
import { type Finding, ok, skipped, wrong } from '../finding.js';

/** Whether the World behind etcd is the one that is meant: its identity, and the namespace of its keys. */
export const fleet: Check<EtcdFact> = {
  name: 'fleet',
  title: 'fleet and namespace',
  look: (patient) => patient.etcd(),
  judge({ through, error, world }, { name, fleetId, namespace }): Finding {
    if (through === undefined) return skipped('hawser is not set up here');
    if (isOtherFleet(error)) {
      return wrong(
        'other-fleet',
        `The etcd that ${name} leads to is another fleet's than ${fleetId ?? 'the one that is meant'}. ${error?.message ?? ''}`.trim(),
        'Correct the destination, or the fleet-id of the fleet file: hawser fleet edit',
      );
    }
    if (world === undefined) return skipped('the World could not be read');
    const { fleet: found, otherNamespaces } = world;
    if (otherNamespaces.length > 0) {
      return wrong(
        'namespace',
        `Below ${namespace || '/'} etcd holds no fleet, but below ${listed(otherNamespaces.map((one) => one || '/'))} there is one: the namespace is wrong.`,
        `Pass --namespace ${otherNamespaces[0]}, or correct "namespace:" with: hawser fleet edit`,
      );
    }
    return ok(
      `${found === undefined ? 'a cluster without an identity' : `fleet ${found}`}, below ${namespace || '/'}`,
    );
  },
};
