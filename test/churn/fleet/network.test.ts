import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { findIsolation, startIsolated } from './isolation.js';
import { loopbackNetwork } from './network.js';

test('a host that is cut off is silent, one that is parted only to the other hosts, until they are healed', async (t) => {
  const isolation = await findIsolation();
  if (isolation.length === 0) {
    t.false(loopbackNetwork().canCut, 'without network namespaces no host can be cut off');
    return;
  }
  const program = fileURLToPath(new URL('../programs/probe-network.js', import.meta.url));
  const { stdout } = startIsolated(isolation, program, []);
  const said = stdout === null ? [] : (await text(stdout)).split('; ');
  t.deepEqual(said.slice(0, 2), [
    'at first: refused to us, refused to another',
    'cut: silent to us, silent to another',
  ]);
  // Without nft a parted host is cut off.
  t.regex(said[2] ?? '', /^parted: (refused|silent) to us, silent to another$/);
  t.is(said[3], 'healed: refused to us, refused to another');
});

test('hosts on the loopback device have an address each', async (t) => {
  await using network = loopbackNetwork();
  t.not(network.address(0), network.address(1));
  t.deepEqual(network.enter(0), []);
  await t.throwsAsync(network.cut(0), { message: /cannot be cut off/ });
});
