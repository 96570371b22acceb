/** Uses a World in every way that holds something, closes it, and must then end by itself. */
import { EtcdWorld } from '../../../../world/index.js';

const [endpoint = '', mode = ''] = process.argv.slice(2);
const world = EtcdWorld.create({ seeds: [endpoint], hostname: 'h1', namespace: `/exit-${mode}` });

const watch = world.strWatch('key')[Symbol.asyncIterator]();
await watch.next();
const waiting = watch.next();
await world.client.session({ ttlSeconds: 60 });
await world.strSet('key', 'value');
await waiting;
const pending = watch.next();
const call = mode === 'frozen' ? world.strGet('key') : undefined;
call?.catch(() => undefined);
if (mode === 'frozen') {
  // The test stops etcd when it reads this line, and says so.
  process.stdout.write('ready\n');
  await new Promise((resolve) => process.stdin.once('data', resolve));
  process.stdin.destroy();
}
await world.close();
await pending;
process.stdout.write('closed\n');
