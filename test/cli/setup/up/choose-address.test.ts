import test from 'ava';
import { askForAddresses, chooseAddress } from '../../../../cli/setup/up/choose-address.js';

function seen(addresses: readonly string[], given?: string, entered?: string) {
  const host = { name: 'web1', ssh: 'web1', hostKeys: [], labels: {} };
  return { host: given === undefined ? host : { ...host, address: given }, facts: { addresses, entered } };
}

test('The others dial the address that was given, else the only one, else the one that SSH came in by', (t) => {
  const choose = (...args: Parameters<typeof seen>) => {
    const { host, facts } = seen(...args);
    return chooseAddress(host, facts);
  };
  t.is(choose(['10.0.0.1', '10.1.0.1'], '192.0.2.1', '10.0.0.1'), '192.0.2.1');
  t.is(choose(['fe80::1', '169.254.3.4', '10.0.0.1']), '10.0.0.1');
  t.is(choose(['10.0.0.1', '10.1.0.1'], undefined, '10.1.0.1'), '10.1.0.1');
  t.throws(() => choose(['10.0.0.1', '10.1.0.1'], undefined, '10.9.0.1'), {
    code: 'usage',
    message: /--address web1=ADDRESS: it has several, 10\.0\.0\.1, 10\.1\.0\.1\./,
  });
  t.throws(() => choose(['fe80::1']), { code: 'usage', message: /no address that other hosts could dial/ });
});

test('Only an address that is unclear is asked for', async (t) => {
  const asked: string[] = [];
  const hosts = [
    seen(['10.0.0.1', '10.1.0.1', 'fe80::1']),
    seen(['10.0.0.1', '10.1.0.1'], '10.1.0.1'),
    seen(['10.0.0.1', '10.1.0.1'], undefined, '10.0.0.1'),
    seen(['10.0.0.1']),
    seen([]),
  ];
  const settled = await askForAddresses(hosts, async (host, addresses) => {
    asked.push(`${host}: ${addresses.join(' ')}`);
    return '10.1.0.1';
  });
  t.deepEqual(asked, ['web1: 10.0.0.1 10.1.0.1']);
  const [first, ...others] = settled;
  t.is(first && chooseAddress(first.host, first.facts), '10.1.0.1');
  t.deepEqual(others, hosts.slice(1));
});
