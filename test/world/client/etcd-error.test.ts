import { status } from '@grpc/grpc-js';
import test from 'ava';
import fc from 'fast-check';
import { CallRunner } from '../../../world/client/calls/call-runner.js';
import { EndpointSet } from '../../../world/client/calls/endpoint-set.js';
import { LastRevision } from '../../../world/client/calls/last-revision.js';
import { classifyFailure, classifyReason } from '../../../world/client/error/classify-failure.js';
import { explainGrpcError } from '../../../world/client/error/explain-grpc-error.js';
import { WorldError } from '../../../world/index.js';

const means = test.macro({
  exec: (t, code: number, details: string, outcome: string, worldCode: string) => {
    t.like(classifyFailure({ code, details }), { outcome, code: worldCode });
  },
  title: (_, code: number, details) => `"${details}" with status ${code} is understood`,
});

test.serial(
  means,
  status.UNAVAILABLE,
  'No connection established. Last error: connect ECONNREFUSED',
  'not-sent',
  'unavailable',
);
test.serial(means, status.UNAVAILABLE, 'Name resolution failed for target dns:x', 'not-sent', 'unavailable');
test.serial(means, status.UNAVAILABLE, 'Channel closed before call started', 'not-sent', 'unavailable');
test.serial(means, status.UNAVAILABLE, 'Stream refused by server', 'not-sent', 'unavailable');
test.serial(means, status.INTERNAL, 'Failed to start HTTP/2 stream with error x', 'not-sent', 'unavailable');
test.serial(means, status.INTERNAL, 'Received RST_STREAM with code 2', 'unknown', 'outcome-unknown');
test.serial(
  means,
  status.UNAVAILABLE,
  'etcdserver: rpc not supported for learner',
  'not-sent',
  'unavailable',
);
test.serial(
  means,
  status.FAILED_PRECONDITION,
  'etcdserver: rpc not supported for learner',
  'not-sent',
  'unavailable',
);
test.serial(means, status.UNKNOWN, 'raft proposal dropped', 'not-sent', 'unavailable');
test.serial(means, status.UNAVAILABLE, 'etcdserver: unhealthy cluster', 'refused', 'unavailable');
test.serial(means, status.UNAVAILABLE, 'etcdserver: no leader', 'not-sent', 'unavailable');
test.serial(means, status.UNAVAILABLE, 'etcdserver: not capable', 'refused', 'unavailable');
test.serial(means, status.UNAVAILABLE, 'Connection dropped', 'unknown', 'outcome-unknown');
test.serial(means, status.UNAVAILABLE, 'etcdserver: leader changed', 'unknown', 'outcome-unknown');
test.serial(means, status.UNAVAILABLE, 'etcdserver: request timed out', 'unknown', 'outcome-unknown');
test.serial(
  means,
  status.DEADLINE_EXCEEDED,
  'Deadline exceeded after 0.3s,LB pick: 0.001s,remote_addr=1.2.3.4:5',
  'unknown',
  'outcome-unknown',
);
test.serial(
  means,
  status.DEADLINE_EXCEEDED,
  'Deadline exceeded after 0.3s,Waiting for LB pick',
  'not-sent',
  'unavailable',
);
test.serial(means, status.DEADLINE_EXCEEDED, 'context deadline exceeded', 'unknown', 'outcome-unknown');
test.serial(means, status.CANCELLED, 'Call cancelled', 'unknown', 'outcome-unknown');
test.serial(means, status.UNKNOWN, 'raft: stopped', 'unknown', 'outcome-unknown');
test.serial(
  means,
  status.RESOURCE_EXHAUSTED,
  'etcdserver: mvcc: database space exceeded',
  'refused',
  'no-space',
);
test.serial(
  means,
  status.RESOURCE_EXHAUSTED,
  'grpc: received message larger than max (3 vs. 2)',
  'refused',
  'too-large',
);
test.serial(means, status.RESOURCE_EXHAUSTED, 'etcdserver: too many requests', 'not-sent', 'unavailable');
test.serial(means, status.INVALID_ARGUMENT, 'etcdserver: request is too large', 'refused', 'too-large');
test.serial(
  means,
  status.INVALID_ARGUMENT,
  'etcdserver: too many operations in txn request',
  'refused',
  'too-large',
);
test.serial(means, status.INVALID_ARGUMENT, 'etcdserver: user name is empty', 'refused', 'permission-denied');
test.serial(
  means,
  status.INVALID_ARGUMENT,
  'etcdserver: authentication failed, invalid user ID or password',
  'refused',
  'permission-denied',
);
test.serial(means, status.INVALID_ARGUMENT, 'etcdserver: key is not provided', 'refused', 'invalid');
test.serial(
  means,
  status.OUT_OF_RANGE,
  'etcdserver: mvcc: required revision has been compacted',
  'refused',
  'compacted',
);
test.serial(
  means,
  status.OUT_OF_RANGE,
  'etcdserver: mvcc: required revision is a future revision',
  'refused',
  'invalid',
);
test.serial(means, status.NOT_FOUND, 'etcdserver: requested lease not found', 'refused', 'not-found');
test.serial(
  means,
  status.FAILED_PRECONDITION,
  'etcdserver: too many learner members in cluster',
  'refused',
  'conflict',
);
test.serial(means, status.PERMISSION_DENIED, 'etcdserver: permission denied', 'refused', 'permission-denied');
test.serial(means, status.UNAUTHENTICATED, 'etcdserver: invalid auth token', 'refused', 'permission-denied');
test.serial(means, status.UNKNOWN, 'auth: permission denied', 'refused', 'permission-denied');
test.serial(means, status.UNKNOWN, 'auth: user name is empty', 'refused', 'permission-denied');

test.serial('the reason of a cancelled watch is parsed from the text of Go', (t) => {
  const denied = 'rpc error: code = PermissionDenied desc = etcdserver: permission denied';
  t.is(classifyReason(denied).code, 'permission-denied');
  t.is(classifyReason('etcdserver: permission denied').code, 'permission-denied');
  const unnamed = 'rpc error: code = InvalidArgument desc = etcdserver: user name is empty';
  t.is(classifyReason(unnamed).code, 'permission-denied');
  t.is(classifyReason('etcdserver: mvcc: something new').outcome, 'unknown');
});

test.serial('what grpc-js wraps around the error of the link is removed', (t) => {
  const refused =
    'No connection established. Last error: Error: connect ECONNREFUSED 127.0.0.1:9. Resolution note: ';
  t.is(explainGrpcError(refused), 'nothing is listening there (connection refused)');
  const reset =
    'No connection established. Last error: read ECONNRESET (2026-11-22T12:51:02.008Z). Resolution note: ';
  t.is(explainGrpcError(reset), 'read ECONNRESET');
  t.is(explainGrpcError('etcdserver: request is too large'), 'etcdserver: request is too large');
});

const LINK_WORDS = [
  'Received RST_STREAM with code 2 (Internal server error)',
  'Received RST_STREAM with code 2 triggered by internal client error: read ECONNRESET',
  'Connection dropped',
  'Stream refused by server',
  'Channel closed before call started',
  'Failed to start HTTP/2 stream with error x',
  'Deadline exceeded after 0.3s,LB pick: 0.001s,remote_addr=1.2.3.4:5',
  'Deadline exceeded after 0.3s,Waiting for LB pick',
  'Name resolution failed for target dns:x',
  'No connection established. Last error: Error: connect ECONNREFUSED 127.0.0.1:9. Resolution note: ',
  'Call cancelled',
  'Cancelled on client',
  '14 UNAVAILABLE: Connection dropped',
  'rpc error: code = Unavailable desc = transport is closing',
  '',
];

const GRPC = /RST_STREAM|HTTP\/2|LB pick|remote_addr|Resolution note|^\d+ [A-Z_]+:|code = |undefined/;

test.serial('every gRPC error becomes one plain sentence with a WorldError code', async (t) => {
  const endpoints = new EndpointSet(['http://127.0.0.1:9'], 'test');
  const calls = new CallRunner(endpoints, new AbortController().signal, new LastRevision(), undefined);
  const codes = Object.values(status).filter((code) => typeof code === 'number');
  const details = fc.oneof(
    fc.constantFrom(...LINK_WORDS),
    fc.string().map((words) => `etcdserver: ${words}`),
  );
  const kinds = fc.constantFrom('read', 'repeatable', 'once');
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...codes), details, kinds, async (code, words, kind) => {
      const failure = Object.assign(new Error(`${code} X: ${words}`), { code, details: words });
      const run = (): Promise<never> => Promise.reject(failure);
      const error = await calls
        .perform({ kind, what: 'try', run }, { timeoutMs: 0 })
        .catch((e: unknown) => e);
      if (!(error instanceof WorldError)) return false;
      return error.message.startsWith('Could not try at http://127.0.0.1:9: ') && !GRPC.test(error.message);
    }),
    { numRuns: 500 },
  );
  endpoints.close();
  t.pass();
});
