import { z } from 'zod';
import type { Log } from '../../base/log.js';
import type { CallOptions } from '../call-options.js';
import type { Client } from '../client/client.js';
import { readHosts } from '../client/stored/read-json-of-each-host.js';
import { CERTIFICATES_PREFIX } from '../keys.js';

/** How long a certificate counts, ISO 8601. */
export interface CertificateLife {
  readonly from: string;
  readonly to: string;
}

/** The certificate of a host's server. */
export interface HostCertificate extends CertificateLife {
  /** The authority that issued it; absent where the host does not know, and from older agents. */
  readonly authority?: CertificateLife | undefined;
}

/** From this part of its life on, a certificate is to be renewed. */
const RENEWED_FROM = 2 / 3;

const life = z.object({ from: z.iso.datetime(), to: z.iso.datetime() });
export const certificateSchema: z.ZodType<HostCertificate> = life.extend({ authority: life.optional() });

/** Whether a certificate is in the last third of its life, or past it. */
export function isRenewalDue({ from, to }: CertificateLife, now = new Date()): boolean {
  const [begins, ends] = [Date.parse(from), Date.parse(to)];
  return now.getTime() >= begins + (ends - begins) * RENEWED_FROM;
}

/** What the agents say of the certificates of their hosts' servers; nothing of hosts that have none. */
export async function getCertificates(
  client: Client,
  { log, ...options }: CallOptions & { readonly log?: Log | undefined } = {},
): Promise<Map<string, HostCertificate>> {
  const { entries } = await client.list(CERTIFICATES_PREFIX, options);
  return readHosts(certificateSchema, CERTIFICATES_PREFIX, entries, log);
}
