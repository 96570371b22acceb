import test from 'ava';
import { SendOnce } from '../../../../cli/setup/programs/send-once.js';

test('A host is sent its programs once, whoever asks first', async (t) => {
  const sendings = new SendOnce();
  const begun: string[] = [];
  const send = (host: string) => async () => {
    begun.push(host);
    return `sent to ${host}`;
  };
  t.is(await sendings.to('web1', send('web1')), 'sent to web1');
  t.is(await sendings.to('web1', send('web1')), 'sent to web1');
  t.is(await sendings.to('web2', send('web2')), 'sent to web2');
  t.deepEqual(begun, ['web1', 'web2']);
});

test('What goes wrong ahead of a step is said by the step, and breaks nothing before', async (t) => {
  const sendings = new SendOnce();
  const full = new Error('full disk');
  void sendings.to('web1', () => Promise.reject(full));
  await sendings.settled();
  t.is(await t.throwsAsync(sendings.to('web1', async () => 'sent')), full);
});

test('It has settled when nothing is being sent any more', async (t) => {
  const sendings = new SendOnce();
  let finish = () => {};
  let isOver = false;
  void sendings.to('web1', async () => {
    await new Promise<void>((resolve) => {
      finish = resolve;
    });
    isOver = true;
    return undefined;
  });
  const settled = sendings.settled();
  finish();
  await settled;
  t.true(isOver);
});
