import type { X509Certificate } from 'node:crypto';
import { pause } from '../../base/abort.js';
import {
  type Agent,
  CERTIFICATES_PREFIX,
  type HostCertificate,
  isRenewalDue,
  type Log,
  readCertificates,
  WorldError,
} from '../../world/internal.js';
import type { Presence } from '../presence.js';
import type { TlsFiles } from './server/etcd/etcd-arguments.js';
import type { ServerLauncher } from './server/server-launcher.js';

/** Short, so that a warning is gone soon after the certificate was renewed. */
const LOOK_MS = 10_000;

export interface AnnouncedCertificate {
  readonly agent: Pick<Agent, 'hostname'>;
  /** Undefined on a host that never runs a server. */
  readonly launcher: Pick<ServerLauncher, 'tls'> | undefined;
  readonly presence: Pick<Presence, 'set'>;
  /** Called with what each look finds. */
  readonly onLook: (life: HostCertificate) => void;
  readonly log: Log;
}

/**
 * Publishes for how long the certificate of this host counts, so that people are warned before it expires; until the signal
 * aborts, because the files are replaced while the agent runs.
 */
export async function announceCertificate(
  { agent, launcher, presence, onLook, log }: AnnouncedCertificate,
  signal: AbortSignal,
): Promise<void> {
  const { peer, client } = launcher?.tls ?? {};
  const sides = [peer, client].filter((side) => side !== undefined);
  if (sides.length === 0) return;
  let published = '';
  while (!signal.aborted) {
    const life = shortestLife(sides);
    const value = JSON.stringify(life);
    if (life !== undefined) onLook(life);
    if (life !== undefined && value !== published) {
      presence.set(`${CERTIFICATES_PREFIX}${agent.hostname}`, value);
      published = value;
      if (isRenewalDue(life)) {
        log('warn', `the certificate of this host expires on ${life.to.slice(0, 10)}: renew it`);
      }
    }
    await pause(LOOK_MS, signal).catch(() => undefined); // the loop sees that it aborted
  }
}

/** Of the certificate that expires first; undefined while the files are being replaced. */
function shortestLife(sides: readonly TlsFiles[]): HostCertificate | undefined {
  try {
    const found = sides.map(({ certFile, trustedCaFile }): HostCertificate => {
      const { certificate } = readCertificates(certFile, 'certificate');
      const trusted =
        trustedCaFile === undefined ? [] : readCertificates(trustedCaFile, 'CA certificate').all;
      const authority = trusted.find(({ publicKey }) => certificate.verify(publicKey));
      return { ...lifeOf(certificate), ...(authority && { authority: lifeOf(authority) }) };
    });
    return found.toSorted((a, b) => Date.parse(a.to) - Date.parse(b.to))[0];
  } catch (error) {
    if (error instanceof WorldError) return undefined;
    throw error;
  }
}

function lifeOf({ validFrom, validTo }: X509Certificate): { readonly from: string; readonly to: string } {
  return { from: new Date(validFrom).toISOString(), to: new Date(validTo).toISOString() };
}
