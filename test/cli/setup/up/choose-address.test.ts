import test from 'ava';
import { askForAddresses, chooseAddress } from '../../../../cli/setup/up/choose-address.js';

function seen(addresses: readonly string[], given?: string, entered?: string, recorded?: string) {
  const host = { name: 'web1', ssh: 'web1', hostKeys: [], labels: {} };
  const agent = { record: recorded === undefined ? undefined : { address: recorded } };
  return {
    host: given === undefined ? host : { ...host, address: given },
    facts: { addresses, entered, agent },
  };
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
  t.throws(() => choose(['fe80::1']), { code: 'usage', message: /no address that other hosts could reach/ });
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

test('A host that has lost the address that it was set up with gets the one that it has now', (t) => {
  const choose = (...args: Parameters<typeof seen>) => {
    const { host, facts } = seen(...args);
    return chooseAddress(host, facts);
  };
  t.is(choose(['10.0.0.1', '10.0.0.9'], '10.0.0.1', '10.0.0.9', '10.0.0.1'), '10.0.0.1', 'it has it still');
  t.is(choose(['10.0.0.9'], '10.0.0.1', undefined, '10.0.0.1'), '10.0.0.9');
  t.throws(() => choose(['10.0.0.8', '10.0.0.9'], '10.0.0.1', undefined, '10.0.0.1'), { code: 'usage' });
  t.is(choose(['fd00:0:0::1'], 'fd00::1', undefined, 'fd00::1'), 'fd00::1', 'written in another way');
  t.is(
    choose(['10.0.0.9', '10.0.0.8'], '10.0.0.9', undefined, '10.0.0.1'),
    '10.0.0.9',
    'the file was edited',
  );
});

test('A host that is set up is not sent to an address that it does not have', (t) => {
  const { host, facts } = seen(['10.0.0.1'], '10.0.0.7', undefined, '10.0.0.1');
  t.throws(() => chooseAddress(host, facts), {
    code: 'usage',
    message: /web1 is to be at 10\.0\.0\.7, but has only 10\.0\.0\.1.*fleet edit/,
  });
});
