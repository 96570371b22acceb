import test from 'ava';
import fc from 'fast-check';
import { classifyServerExit, type ExitEvidence } from '../../../agent/cluster/server/classify-server-exit.js';
import { describeExit, explainExit } from '../../../agent/cluster/server/describe-server-exit.js';
import { extractLogErrors } from '../../../agent/cluster/server/etcd/extract-log-errors.js';

const fatal = (msg: string, error: string) => JSON.stringify({ level: 'fatal', msg, error, stacktrace: 'x' });
const failed: ExitEvidence = { exit: { code: 1, signal: null }, ended: undefined, log: '', freeBytes: 1e9 };
const noSpace = fatal('failed to commit tx', 'write /d/db: no space left on device');

test.serial('the last words decide, and only those that ended the server', (t) => {
  const earlier = JSON.stringify({ level: 'warn', msg: 'slow', error: 'no space left on device' });
  t.is(classifyServerExit({ ...failed, log: noSpace }).why, 'disk-full');
  t.is(classifyServerExit({ ...failed, log: earlier }).why, 'other');
  t.is(classifyServerExit({ ...failed, log: `${earlier}\npanic: failed to create WAL` }).why, 'other');
});

test.serial('a removal is known by code 0, or by what etcd 3.6 logs when it ends with code 1', (t) => {
  t.is(classifyServerExit({ ...failed, exit: { code: 0, signal: null } }).why, 'removed');
  const error = 'the member has been permanently removed from the cluster';
  const log = JSON.stringify({ level: 'error', caller: 'x', msg: 'server error', error, stacktrace: 'x' });
  const later = JSON.stringify({ level: 'warn', msg: 'stopped publish because server is stopping' });
  t.is(classifyServerExit({ ...failed, log: `${log}\n${later}` }).why, 'removed');
  t.is(classifyServerExit({ ...failed, log: later }).why, 'other');
});

test.serial('a full disk is known by its free space too, because its log may not say it', (t) => {
  const corrupt = fatal('failed to open database', 'invalid database');
  const full = { ...failed, freeBytes: 0 };
  t.is(classifyServerExit(full).why, 'disk-full');
  t.is(classifyServerExit({ ...full, log: corrupt }).why, 'disk-full', 'so that nobody gives up its data');
  t.is(classifyServerExit({ ...failed, log: corrupt }).why, 'corrupt');
  t.is(classifyServerExit({ ...full, exit: { code: null, signal: 'SIGKILL' } }).why, 'other');
  t.is(
    classifyServerExit({ ...full, log: fatal('x', 'bind: address already in use') }).why,
    'address-in-use',
  );
});

test.serial('what we did ourselves comes before what etcd said', (t) => {
  t.is(classifyServerExit({ ...failed, log: noSpace, ended: 'stopped' }).why, 'stopped');
  t.is(classifyServerExit({ ...failed, exit: { code: null, signal: 'SIGKILL' }, ended: 'hung' }).why, 'hung');
});

test.serial('an end is described with its meaning', (t) => {
  t.is(describeExit({ code: 1, signal: null, why: 'disk-full' }), 'exit code 1, the disk is full');
  t.is(describeExit({ code: null, signal: 'SIGKILL' }), 'SIGKILL');
  t.is(
    explainExit(classifyServerExit({ ...failed, log: fatal('discovery failed', 'no peer') })),
    'exit code 1; last log line: discovery failed: no peer',
  );
  t.is(explainExit(classifyServerExit(failed)), 'exit code 1');
});

test.serial('a person is shown what went wrong, without the frames and what etcd always says', (t) => {
  const log = [
    'half a line of JSON"}',
    JSON.stringify({ level: 'warn', msg: 'simple token is not cryptographically signed' }),
    JSON.stringify({ level: 'info', msg: 'serving' }),
    fatal('failed to create WAL', 'no space left on device'),
    noSpace,
    noSpace,
    'panic: failed to create WAL',
    'panic: something else',
    '',
    'goroutine 1 [running]:',
    'go.etcd.io/etcd/mvcc/backend.New(...)',
    '\tgo.etcd.io/etcd/mvcc/backend/backend.go:140',
  ].join('\n');
  t.deepEqual(extractLogErrors(log), [
    'failed to create WAL: no space left on device',
    'failed to commit tx: write /d/db: no space left on device',
    'panic: something else',
  ]);
  t.deepEqual(extractLogErrors(JSON.stringify({ level: 'info', msg: 'serving' })), ['serving']);
});

test.serial('whatever is in a log, it is read', (t) => {
  const line = fc.oneof(
    fc.string(),
    fc.json(),
    fc.json().map((json) => `{"level":${json},"msg":${json}}`),
  );
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      t.true(extractLogErrors(lines.join('\n')).length <= 5);
      t.is(typeof classifyServerExit({ ...failed, log: lines.join('\n') }).why, 'string');
    }),
  );
});
