import test from 'ava';
import { DirectEtcd } from './direct-etcd.js';
import { hawser } from './hawser.js';

let fleet: DirectEtcd;

test.before(async () => {
  fleet = await DirectEtcd.start();
});
test.after.always(() => fleet?.[Symbol.asyncDispose]());

test.serial('a string is followed through being set, emptied and removed', async (t) => {
  const motd = fleet.follow(t, ['str', 'watch', 'motd']);
  t.deepEqual(await motd.next(), { key: 'motd', value: null });
  await fleet.run(['str', 'set', 'motd', 'hello']);
  t.deepEqual(await motd.next(), { key: 'motd', value: 'hello' });
  await fleet.run(['str', 'set', 'motd', '']);
  t.deepEqual(await motd.next(), { key: 'motd', value: '' });
  await fleet.run(['str', 'del', 'motd']);
  t.deepEqual(await motd.next(), { key: 'motd', value: null });
  t.is(await motd.interrupt(), 130);
});

test.serial('a string keeps every byte of text that came from standard input', async (t) => {
  const input = '\ufeff\0 größer\r\n\n';
  await fleet.run(['str', 'set', 'bytes', '-'], { input });
  t.deepEqual(await fleet.json(['str', 'get', 'bytes']), { key: 'bytes', value: input });
});

test.serial('a map is followed as its hosts come and go', async (t) => {
  const map = fleet.follow(t, ['map', 'watch', 'kernel']);
  t.deepEqual(await map.next(), {});
  await fleet.run(['map', 'set', 'kernel', '6.1', '--hostname', 'a']);
  t.deepEqual(await map.next(), { a: '6.1' });
  await fleet.run(['map', 'set', 'kernel', '6.12', '--hostname', 'b']);
  t.deepEqual(await map.next(), { a: '6.1', b: '6.12' });
  await fleet.run(['map', 'del', 'kernel', '--hostname', 'a']);
  t.deepEqual(await map.next(), { b: '6.12' });
  t.is(await map.interrupt(), 130);
});

test.serial('a watch of a fleet that does not answer is an error within the time allowed', async (t) => {
  const nobody = ['--seeds', 'http://127.0.0.1:1', '--timeout', '300ms'];
  for (const command of ['str', 'map']) {
    const { code, stdout, stderr } = await hawser([command, 'watch', 'motd', ...nobody]);
    t.is(code, 3);
    t.is(stdout, '');
    t.regex(stderr, /127\.0\.0\.1:1/);
  }
});

test.serial('standard input that is no text is refused, and nothing is stored', async (t) => {
  const input = Buffer.from([0x68, 0xff, 0xfe]);
  const refused = await fleet.run(['str', 'set', 'binary', '-'], { input });
  t.is(refused.code, 2);
  t.regex(refused.stderr, /not UTF-8.*base64/);
  t.is((await fleet.run(['str', 'get', 'binary'])).code, 1);
});
