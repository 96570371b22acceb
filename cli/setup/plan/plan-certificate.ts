import { CliError } from '../../errors.js';
import type { FleetHost } from '../../fleet/file/fleet.js';
import { fingerprintsOf, issuerOf, splitAuthorities } from '../certificates/authorities.js';
import { covers, isExpired, needsRenewal } from '../certificates/issue-certificate.js';
import type { HostFacts, InstalledAgent } from '../facts/host-facts.js';
import { uuidOf } from '../record/install-record.js';

/** What is to be done about the certificate of a host. */
export interface CertificatePlan {
  readonly certificate: 'new' | 'renew' | 'keep';
  /** Why a host that has a certificate gets a new one. */
  readonly because?: 'address' | 'authority' | undefined;
  /** Whether the other hosts accept the one that is there. */
  readonly counts: boolean;
}

/** What decides about certificates besides the host. */
export interface CertificateContext {
  /** The authorities of the fleet, PEM, the one that issues first; undefined where there is none yet. */
  readonly fleet: { readonly name: string; readonly id: string; readonly authority: string | undefined };
  /** Whether this laptop can issue certificates: it has the key of the authority, or makes one. */
  readonly canIssue: boolean;
}

/** The addresses that the certificate of a host is for: every one that it may speak from. */
export function certifiedAddresses(address: string, { addresses }: Pick<HostFacts, 'addresses'>): string[] {
  return [...new Set([address, ...addresses])].slice(0, 50);
}

/** The fingerprints of the authorities that the etcd of a host trusts as it runs. */
export function trustedBy({ record, trusted }: Pick<InstalledAgent, 'record' | 'trusted'>): string[] {
  return [...(record?.trusts ?? fingerprintsOf(trusted))];
}

/**
 * Decides whether a host keeps its certificate. What can wait does, where no certificate can be issued here.
 *
 * @throws CliError `failed` for a host that needs a certificate which cannot be issued here, or has one of an authority that the
 * fleet file does not know
 */
export function planCertificate(
  host: Pick<FleetHost, 'name'> & { readonly address: string },
  facts: Pick<HostFacts, 'addresses' | 'agent'>,
  { fleet, canIssue }: CertificateContext,
): CertificatePlan {
  requireKnownAuthority(host.name, facts.agent, fleet);
  const wanted = wantedCertificate(host, facts, splitAuthorities(fleet.authority));
  if (wanted.certificate === 'keep' || canIssue) return wanted;
  // A laptop without the key is no reason to leave a host out whose certificate still counts.
  if (wanted.counts) return { certificate: 'keep', counts: true };
  const why = wanted.certificate === 'renew' ? 'has expired' : 'has to be issued';
  const message = `The certificate of ${host.name} ${why}, and the key of the fleet's authority is not on this laptop: copy fleets/${fleet.name}.key here from the laptop that has it, or run "hawser up" there. If the key is lost, "hawser up --new-authority" makes another authority.`;
  throw new CliError('failed', message);
}

/** Another certificate would cut the host off from those that do not know its authority. */
function requireKnownAuthority(
  name: string,
  { certificate, record }: InstalledAgent,
  fleet: CertificateContext['fleet'],
): void {
  if (certificate === undefined || record?.fleet.id !== uuidOf(fleet.id)) return;
  const isDamaged = fingerprintsOf(certificate).length === 0;
  if (isDamaged || issuerOf(certificate, splitAuthorities(fleet.authority)) !== undefined) return;
  const message =
    fleet.authority === undefined
      ? `${name} has a certificate of the fleet ${fleet.name}, but the fleet file names no authority. A new one would cut the hosts off from each other: restore the "authority" from the laptop where "hawser up" was run, or from /etc/hawser/tls/ca.crt on ${name}.`
      : `${name} has a certificate of an authority that the fleet file does not name, so the fleet has got a new one from another laptop: copy fleets/${fleet.name}.yaml and fleets/${fleet.name}.key here from there.`;
  throw new CliError('failed', message);
}

function wantedCertificate(
  { name, address }: Pick<FleetHost, 'name'> & { readonly address: string },
  facts: Pick<HostFacts, 'addresses' | 'agent'>,
  authorities: readonly string[],
): CertificatePlan {
  const { certificate } = facts.agent;
  const issuer = certificate === undefined ? undefined : issuerOf(certificate, authorities);
  if (certificate === undefined || issuer === undefined || !covers(certificate, [name])) {
    return { certificate: 'new', counts: false };
  }
  if (isExpired(certificate) || isExpired(issuer)) return { certificate: 'renew', counts: false };
  const hasAddress = covers(certificate, [address]);
  if (!hasAddress || !covers(certificate, certifiedAddresses(address, facts))) {
    return { certificate: 'new', because: 'address', counts: hasAddress };
  }
  if (issuer !== authorities[0]) return { certificate: 'new', because: 'authority', counts: true };
  return { certificate: needsRenewal(certificate) ? 'renew' : 'keep', counts: true };
}
