import type { CallOptions } from '../../call-options.js';
import type { Client } from '../client.js';
import { absent, unchangedSince } from '../txn/txn.js';

/** From here on a transaction that compares the value, and so carries it twice, might exceed what etcd takes. */
const LARGE_CHARACTERS = 64 << 10;

/** Where a value is written, besides its key. */
export interface WriteIfChangedOptions extends CallOptions {
  /** Binds the key to this lease; without one to none. */
  readonly lease?: string | undefined;
  readonly bulk?: boolean | undefined;
}

/**
 * Writes a value only if it, or its lease, differs, by reading it first: it travels once, so that it may be as large as
 * a request of etcd (1.5 MiB), where a transaction that compares it takes half of that.
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
    // Once applied the comparison fails, so a second application changes nothing.
    const { succeeded, repeated } = await client.txn(
      { compare, success: [put] },
      { ...options, repeatable: true },
    );
    if (succeeded) return true;
    // The answer that was lost may have been the one that it was written; reading tells.
    written ||= repeated;
  }
}

/** Writes text only if it differs; where the text is small in one round trip. */
export async function setText(
  client: Client,
  key: string,
  value: string,
  options: CallOptions = {},
): Promise<void> {
  if (value.length < LARGE_CHARACTERS) await client.setIfChanged(key, value, options);
  else await writeIfChanged(client, key, value, { ...options, bulk: true });
}
