import { pause } from '../../base/abort.js';
import {
  type Agent,
  CERTIFICATES_PREFIX,
  type CertificateLife,
  isRenewalDue,
  type Log,
  readCertificates,
  WorldError,
} from '../../world/index-without-ssh.js';
import type { Presence } from '../presence.js';
import type { ServerLauncher } from './server/server-launcher.js';

/** Short, so that a warning is gone soon after the certificate was renewed. */
const LOOK_MS = 10_000;

export interface AnnouncedCertificate {
  readonly agent: Pick<Agent, 'hostname'>;
  /** Undefined on a host that never runs a server. */
  readonly launcher: Pick<ServerLauncher, 'tls'> | undefined;
  readonly presence: Pick<Presence, 'set'>;
  readonly log: Log;
}

/**
 * Publishes for how long the certificate of this host counts, so that people are warned before it expires; until the signal
 * aborts, because the files are replaced while the agent runs.
 */
export async function announceCertificate(
  { agent, launcher, presence, log }: AnnouncedCertificate,
  signal: AbortSignal,
): Promise<void> {
  const { peer, client } = launcher?.tls ?? {};
  const files = [peer, client].flatMap((side) => side?.certFile ?? []);
  if (files.length === 0) return;
  let published = '';
  while (!signal.aborted) {
    const life = shortestLife(files);
    const value = JSON.stringify(life);
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
function shortestLife(files: readonly string[]): CertificateLife | undefined {
  try {
    const lives = files.map((file) => {
      const { validFrom, validTo } = readCertificates(file, 'certificate').certificate;
      return { from: new Date(validFrom).toISOString(), to: new Date(validTo).toISOString() };
    });
    return lives.toSorted((a, b) => Date.parse(a.to) - Date.parse(b.to))[0];
  } catch (error) {
    if (error instanceof WorldError) return undefined;
    throw error;
  }
}
