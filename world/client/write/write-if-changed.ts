import type { CallOptions } from '../../call-options.js';
import type { Client } from '../client.js';
import { absent, unchangedSince } from '../txn/transaction.js';

/** From this size on a transaction that compares the value, and so carries it twice, might exceed etcd's limit. */
const LARGE_CHARACTERS = 64 << 10;

export interface WriteIfChangedOptions extends CallOptions {
  /** The lease to bind the key to. Default: none. */
  readonly lease?: string | undefined;
  readonly bulk?: boolean | undefined;
}

/**
 * Writes a value only if it, or its lease, differs, by reading it first: it is sent only once, so that it can be as large
 * as an etcd request (1.5 MiB), unlike in a transaction that compares it.
 * @returns whether it was written.
 */
export async function writeIfChanged(
  client: Client,
  key: string,
  value: string,
  { lease, ...options }: WriteIfChangedOptions,
): Promise<boolean> {
  const wanted = Buffer.from(value);
  let written = false;
  for (;;) {
    const found = await client.get(key, options);
    if (found !== undefined && found.lease === (lease ?? '0') && wanted.equals(found.value)) return written;
    const compare = [found === undefined ? absent(key) : unchangedSince(found)];
    const put = { put: key, value: wanted, lease };
    // Once applied, the comparison fails, so a repetition changes nothing.
    const { succeeded, repeated } = await client.txn(
      { compare, success: [put] },
      { ...options, repeatable: true },
    );
    if (succeeded) return true;
    // The lost answer may have been a success; reading tells.
    written ||= repeated;
  }
}

/** Writes text only if it differs; small text in one round trip. */
export async function setText(
  client: Client,
  key: string,
  value: string,
  options: CallOptions = {},
): Promise<void> {
  if (value.length < LARGE_CHARACTERS) await client.setIfChanged(key, value, options);
  else await writeIfChanged(client, key, value, { ...options, bulk: true });
}
