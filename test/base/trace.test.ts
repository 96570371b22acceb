import { AsyncLocalStorage } from 'node:async_hooks';
import { channel, tracingChannel } from 'node:diagnostics_channel';
import { setImmediate as turn } from 'node:timers/promises';
import test from 'ava';
import { type CallTrace, tellDeployStep, traced } from '../../base/trace.js';

const context = (): CallTrace => ({ operation: 'read x', kind: 'read', attempts: 0 });

test.serial('without subscribers nothing is described', async (t) => {
  const never = (): never => {
    throw new Error('nobody asked for it');
  };
  t.is(await traced('hawser:call', never, async (trace) => trace ?? 'nothing'), 'nothing');
  tellDeployStep(never);
});

test.serial(
  'subscribers follow an operation from its start to its end, and get what was found out',
  async (t) => {
    const seen: string[] = [];
    const subscribers = {
      start: (message: object) => void seen.push(`start ${JSON.stringify(message)}`),
      end: () => undefined,
      asyncStart: () => undefined,
      asyncEnd: (message: object) => void seen.push(`end ${JSON.stringify(message)}`),
      error: ({ error }: { error?: unknown }) => void seen.push(String(error)),
    };
    const calls = tracingChannel<object>('hawser:call');
    calls.subscribe(subscribers);
    t.teardown(() => calls.unsubscribe(subscribers));
    const act = async (trace: CallTrace | undefined): Promise<string> => {
      await turn();
      if (trace !== undefined) trace.attempts += 1;
      return 'value';
    };
    t.is(await traced('hawser:call', context, act), 'value');
    t.deepEqual(seen.splice(0), [
      'start {"operation":"read x","kind":"read","attempts":0}',
      'end {"operation":"read x","kind":"read","attempts":1,"result":"value"}',
    ]);
    const failing = traced('hawser:call', context, async () => Promise.reject(new TypeError('no')));
    await t.throwsAsync(failing, { instanceOf: TypeError, message: 'no' });
    t.is(seen[1], 'TypeError: no');
    t.regex(seen[2] ?? '', /^end /);
  },
);

test.serial('a store that is bound to the start is the current one during the operation', async (t) => {
  const span = {};
  const spans = new AsyncLocalStorage<object>();
  const calls = tracingChannel<object>('hawser:call');
  calls.start.bindStore(spans, () => span);
  t.teardown(() => calls.start.unbindStore(spans));
  const act = async (): Promise<object | undefined> => {
    await turn();
    return spans.getStore();
  };
  t.is(await traced('hawser:call', context, act), span);
  t.is(spans.getStore(), undefined);
});

test.serial('a step of a deploy is a message', (t) => {
  const steps: unknown[] = [];
  const take = (message: unknown): void => void steps.push(message);
  const deploySteps = channel('hawser:deploy-step');
  deploySteps.subscribe(take);
  t.teardown(() => deploySteps.unsubscribe(take));
  const step = { app: 'shop', deploy: 3, step: 'switch', state: 'applying' };
  tellDeployStep(() => step);
  t.deepEqual(steps, [step]);
});
