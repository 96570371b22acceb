import type { Log } from '../../base/log.js';
import type { CallOptions, WatchOptions } from '../call-options.js';
import { parseEndpoint } from '../client/calls/parse-endpoint.js';
import type { Client } from '../client/client.js';
import type { KeyValue } from '../client/key-value.js';
import { logSkipped } from '../client/stored/log-skipped.js';
import { readText } from '../client/stored/read-text.js';
import { WorldError } from '../errors.js';
import { ENDPOINTS_PREFIX } from '../keys.js';
import { isHostname } from '../validate-names.js';

/** How to reach the etcd behind the World. */
export interface EndpointsWorld {
  /**
   * The URLs that this process uses. They work only here: over SSH they are `unix://` sockets, the local ends of the
   * tunnel, which nobody else can dial and which are removed when the World closes.
   */
  localEndpoints(): readonly string[];
  /** Hostname to the URLs that its etcd server advertises; they may not be reachable from here. */
  advertisedEndpoints(options?: CallOptions): Promise<Map<string, string[]>>;
  /** Yields once the watch is set up, then once for each change or burst of changes of what is advertised. */
  watchEndpoints(options?: WatchOptions): AsyncIterable<void>;
}

export async function getEndpoints(
  client: Client,
  log: Log | undefined,
  options?: CallOptions,
): Promise<Map<string, string[]>> {
  const { entries } = await client.list(ENDPOINTS_PREFIX, options);
  return readEndpoints(entries, log);
}

export function watchEndpoints(client: Client, options?: WatchOptions): AsyncIterable<void> {
  return client.changes({ key: ENDPOINTS_PREFIX, prefix: true }, options);
}

/** Hostname to URLs; anything else is logged with its key and skipped. */
export function readEndpoints(entries: readonly KeyValue[], log: Log | undefined): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const entry of entries) {
    const hostname = entry.key.slice(ENDPOINTS_PREFIX.length);
    const urls = readText(entry, log)?.split(',');
    if (urls === undefined) continue;
    if (isHostname(hostname) && urls.every(isEndpoint)) found.set(hostname, urls);
    else logSkipped(log, entry.key, 'it is not a list of endpoints');
  }
  return found;
}

function isEndpoint(text: string): boolean {
  try {
    parseEndpoint(text);
    return true;
  } catch (error) {
    if (error instanceof WorldError) return false;
    throw error;
  }
}
