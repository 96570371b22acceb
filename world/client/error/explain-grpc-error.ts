import type { RequestSize } from '../txn/txn-size.js';
import { DEFAULT_LIMITS } from '../txn/txn-size.js';

/** Texts of grpc-js and etcd, and what to tell the user instead; applied in order. */
const REPLACEMENTS: readonly (readonly [RegExp, string])[] = [
  [
    /^No connection established\. Last error: (?:Error: )?(.+?)(?: \([0-9TZ:.-]+\))?\.? Resolution note:.*$/s,
    '$1',
  ],
  [/^No connection established\. Last error: (?:Error: )?/, ''],
  [
    /^Client network socket disconnected before secure TLS.*$/s,
    'it closed the connection during the TLS handshake',
  ],
  [/^connect ECONNREFUSED\b.*$/s, 'nothing is listening there (connection refused)'],
  [/^connect ENOENT\b.*$/s, 'there is no such socket'],
  [/^connect EACCES\b.*$/s, 'permission denied (EACCES)'],
  [/^Name resolution failed.*$/s, 'the hostname cannot be resolved'],
  [/^.*(?:deadline exceeded|request timed out).*$/is, 'no answer in time'],
  [
    /^.*(?:RST_STREAM|HTTP\/2|GOAWAY|Connection dropped|Stream refused|Channel closed).*$/s,
    'the connection was lost',
  ],
  [/^(?:Call cancelled|Cancelled on client|.*context canceled).*$/is, 'the connection was lost'],
  [/^\d+ [A-Z_]+: /, ''],
  [/^rpc error: code = \w+ desc = /, ''],
  [
    /^etcdserver: no leader$/,
    'it has no leader: more than half of the etcd servers must run and reach each other',
  ],
  [/^\s*$/, 'no reason was given'],
];

/** A server may send more text than anyone wants to read. */
const MAX_CHARACTERS = 600;

/** The error text of etcd or of the link, without what grpc-js and Go wrap around it. */
export function explainGrpcError(details: string): string {
  let text = details;
  for (const [pattern, meaning] of REPLACEMENTS) text = text.replace(pattern, meaning);
  text = text
    .slice(0, 2 * MAX_CHARACTERS)
    .replaceAll(/\s+/g, ' ')
    .trim();
  return text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}…` : text;
}

/** Why etcd refused a request as too large, with its size and the limit. */
export function explainTooLarge(details: string, { sizeBytes, operations }: RequestSize): string {
  if (/too many operations/.test(details) && operations !== undefined) {
    const limit = DEFAULT_LIMITS.operations;
    return `it has ${operations} operations; etcd accepts ${limit} in a transaction by default (--max-txn-ops)`;
  }
  const limit = DEFAULT_LIMITS.sizeBytes.toLocaleString('en');
  return `it has ${sizeBytes.toLocaleString('en')} bytes; etcd accepts ${limit} in a request by default (--max-request-bytes)`;
}
