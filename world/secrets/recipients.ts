import { z } from 'zod';
import type { Log } from '../../base/log.js';
import type { CallOptions } from '../call-options.js';
import type { Client } from '../client/client.js';
import { readHosts } from '../client/stored/read-json-of-each-host.js';
import { RECIPIENTS_PREFIX } from '../keys.js';
import { checkHostname } from '../validate-names.js';

/** A recipient of age's X25519 kind, in bech32. */
export const AGE_RECIPIENT = /^age1[02-9ac-hj-np-z]{58}$/;

export const recipientSchema = z.object({ recipient: z.string().regex(AGE_RECIPIENT) });

/** Records what secrets for a host are encrypted to; writes only if something changed. */
export async function noteRecipient(
  client: Client,
  hostname: string,
  recipient: string,
  options?: CallOptions,
): Promise<void> {
  checkHostname(hostname);
  await client.setIfChanged(`${RECIPIENTS_PREFIX}${hostname}`, JSON.stringify({ recipient }), options);
}

/**
 * What the hosts say that secrets are to be encrypted to, by hostname. Whoever can write into etcd can change it: compare it
 * with what is known of a host otherwise before encrypting anything.
 */
export async function listRecipients(
  client: Client,
  log: Log | undefined,
  options?: CallOptions,
): Promise<Map<string, string>> {
  const { entries } = await client.list(RECIPIENTS_PREFIX, options);
  const found = readHosts(recipientSchema, RECIPIENTS_PREFIX, entries, log);
  return new Map([...found].map(([hostname, { recipient }]) => [hostname, recipient]));
}
