import test from 'ava';
import { CallRunner } from '../../../world/client/calls/call-runner.js';
import { Client } from '../../../world/client/client.js';
import { status } from '../../../world/client/internals/grpc-js.js';
import { Etcd } from '../helpers/etcd.js';

test('a grant whose answer was lost is done by the next attempt, which finds the lease', async (t) => {
  await using etcd = await Etcd.start();
  await using client = Client.create({ endpoints: [etcd.url] });
  const perform = CallRunner.prototype.perform;
  let lost = 0;
  CallRunner.prototype.perform = async function (call, options) {
    if (!call.what.startsWith('grant')) return perform.call(this, call, options) as never;
    const run: typeof call.run = async (rpc, limits) => {
      const value = await call.run(rpc, limits);
      if (lost > 0) return value;
      lost += 1;
      throw Object.assign(new Error('the answer was lost'), { code: status.UNAVAILABLE, details: 'lost' });
    };
    return perform.call(this, { ...call, run }, options) as never;
  };
  t.teardown(() => {
    CallRunner.prototype.perform = perform;
  });
  t.regex(await client.leaseFor('once', 60), /^\d+$/);
  t.is(lost, 1);
});
