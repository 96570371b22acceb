import type { RequestSize } from '../txn/txn-size.js';
import { DEFAULT_LIMITS } from '../txn/txn-size.js';

/** What grpc-js says of the link in its own terms, and what that means to a person; the first match counts. */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [
    /^No connection established\. Last error: (?:Error: )?(.+?)(?: \([0-9TZ:.-]+\))?\.? Resolution note:.*$/s,
    '$1',
  ],
  [/^No connection established\. Last error: (?:Error: )?/, ''],
  [
    /^Client network socket disconnected before secure TLS.*$/s,
    'it ended the connection before TLS was agreed',
  ],
  [/^Name resolution failed.*$/s, 'the name of the host is not known'],
  [/^.*(?:deadline exceeded|request timed out).*$/is, 'no answer came in time'],
  [
    /^.*(?:RST_STREAM|HTTP\/2|GOAWAY|Connection dropped|Stream refused|Channel closed).*$/s,
    'the connection was lost',
  ],
  [/^(?:Call cancelled|Cancelled on client|.*context canceled).*$/is, 'the connection was lost'],
  [/^\d+ [A-Z_]+: /, ''],
  [/^rpc error: code = \w+ desc = /, ''],
  [
    /^etcdserver: no leader$/,
    'it sees no leader: more than half of the etcd servers must run and reach each other',
  ],
  [/^\s*$/, 'no reason was given'],
];

/** Whoever answers may say more than anybody reads. */
const MAX_CHARACTERS = 600;

/** The words of etcd or of the link, without what grpc-js and Go wrap around them. */
export function explainGrpcError(details: string): string {
  let words = details;
  for (const [pattern, meaning] of WORDS) words = words.replace(pattern, meaning);
  words = words
    .slice(0, 2 * MAX_CHARACTERS)
    .replaceAll(/\s+/g, ' ')
    .trim();
  return words.length > MAX_CHARACTERS ? `${words.slice(0, MAX_CHARACTERS)}…` : words;
}

/** Why etcd finds a request too large, with its size and the limit. */
export function explainTooLarge(details: string, { sizeBytes, operations }: RequestSize): string {
  if (/too many operations/.test(details) && operations !== undefined) {
    const limit = DEFAULT_LIMITS.operations;
    return `it has ${operations} operations and etcd takes ${limit} in a transaction unless told otherwise (--max-txn-ops)`;
  }
  const limit = DEFAULT_LIMITS.sizeBytes.toLocaleString('en');
  return `it has ${sizeBytes.toLocaleString('en')} bytes and etcd takes ${limit} in a request unless told otherwise (--max-request-bytes)`;
}
