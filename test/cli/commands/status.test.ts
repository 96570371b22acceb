import test from 'ava';
import { DirectEtcd } from '../helpers/direct-etcd.js';

let direct: DirectEtcd;

test.before(async () => {
  direct = await DirectEtcd.start();
});
test.after.always(() => direct[Symbol.asyncDispose]());

test.serial('a host that the other servers look for in the wrong place is named', async (t) => {
  await using world = direct.world('looks');
  await world.client.set('/volunteer/m1', direct.etcd.peerUrl);
  const before = (await direct.json(['status'])) as { readonly problems: readonly unknown[] };
  t.deepEqual(before.problems, []);
  await world.client.set('/volunteer/m1', 'http://10.0.0.9:2380');
  const { stdout, code } = await direct.run(['status']);
  t.is(code, 0);
  t.regex(
    stdout,
    /^m1 moved: the other servers expect it at http:\S+, but it is at http:\/\/10\.0\.0\.9:2380\./m,
  );
});

test.serial('a certificate in the last third of its life is warned about', async (t) => {
  await using world = direct.world('looks');
  const life = (begun: number, left: number) => {
    const at = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();
    return JSON.stringify({ from: at(-begun), to: at(left) });
  };
  await world.client.set('/hawser/certificates/m1', life(200, 165));
  const { problems } = (await direct.json(['status'])) as { readonly problems: readonly { code: string }[] };
  t.false(problems.some(({ code }) => code === 'certificate-expires'));
  await world.client.set('/hawser/certificates/m1', life(245, 120));
  const later = (await direct.json(['status'])) as { readonly problems: readonly unknown[] };
  t.like(later.problems.at(-1), { code: 'certificate-expires', host: 'm1' });
  const { stdout } = await direct.run(['status']);
  t.regex(stdout, /^The certificate of m1 expires on 20\d\d-\d\d-\d\d: renew it with "hawser up"/m);
});

test.serial('a deploy that is no text keeps nobody from seeing the hosts', async (t) => {
  await using world = direct.world('looks');
  await world.client.set('/deploy/1/payload', Buffer.from([0xff, 0x00]));
  await world.client.set('/deploy/1/hash', Buffer.from([0xff]));
  const { stdout, stderr, code } = await direct.run(['status']);
  await world.client.txn({ success: [{ delete: '/deploy/', prefix: true }] });
  t.is(code, 0, stderr);
  t.regex(stdout, /^m1 /m);
  t.regex(stdout, /^deploy 1 /m);
});
