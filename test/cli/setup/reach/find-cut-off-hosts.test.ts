import test from 'ava';
import { chooseWays, type ReachableHost } from '../../../../cli/setup/reach/choose-host-pairs.js';
import { findCutOffHosts, type Reachability } from '../../../../cli/setup/reach/find-cut-off-hosts.js';
import type { TriedWay, WayState } from '../../../../cli/setup/reach/probe-host-pairs.js';

/** `web1 web2* web3+`: a star is for a host that is in the fleet, a plus for one that has the cluster's data. */
function hosts(names: string): ReachableHost[] {
  return names.split(' ').map((word, at) => ({
    name: word.replace(/[*+]$/, ''),
    address: `10.0.0.${at + 1}`,
    standing: word.endsWith('*') ? 'settled' : word.endsWith('+') ? 'member' : 'new',
  }));
}

/** What is found where the given ways, such as `web1>web2`, are not open. */
function found(names: string, closed: string, state: WayState = 'silent'): Reachability {
  const all = hosts(names);
  const isClosed = ({ from, to }: { readonly from: string; readonly to: string }) =>
    closed.split(' ').includes(`${from}>${to}`);
  const ways = chooseWays(all).map((way): TriedWay => ({ ...way, state: isClosed(way) ? state : 'open' }));
  return findCutOffHosts(all, ways);
}

function cutOff(names: string, closed: string): string[] {
  return [...found(names, closed).cutOff.keys()];
}

test('Where every way is open, nobody is left out', (t) => {
  t.deepEqual(found('web1 web2 web3', ''), { cutOff: new Map(), unknown: [] });
});

test('Of three hosts only the one that is cut off from both others is left out', (t) => {
  for (const name of ['web1', 'web2', 'web3']) {
    const others = ['web1', 'web2', 'web3'].filter((other) => other !== name);
    t.deepEqual(cutOff('web1 web2 web3', others.map((other) => `${other}>${name}`).join(' ')), [name]);
    t.deepEqual(cutOff('web1 web2 web3', others.map((other) => `${name}>${other}`).join(' ')), [name]);
  }
});

test('Of two that do not reach each other the first stays, whichever direction is closed', (t) => {
  t.deepEqual(cutOff('web1 web2', 'web1>web2'), ['web2']);
  t.deepEqual(cutOff('web1 web2', 'web2>web1'), ['web2']);
});

test('Who is in the fleet stays, and after them who has its data', (t) => {
  t.deepEqual(cutOff('web1 web2 web3*', 'web1>web3 web2>web3'), ['web1', 'web2']);
  t.deepEqual(cutOff('web1 web2 web3+', 'web1>web3 web2>web3'), ['web1', 'web2']);
  t.deepEqual(cutOff('web1+ web2*', 'web2>web1'), ['web1']);
});

test('A host is not left out for one that is left out itself', (t) => {
  // web5 has the most closed ways, but those two that close them have to go as well.
  t.deepEqual(cutOff('web1 web2 web3 web4 web5', 'web1>web3 web2>web4 web3>web5 web4>web5'), [
    'web3',
    'web4',
  ]);
  // web2 cannot come because of web4*, so it is no reason against web1.
  t.deepEqual(cutOff('web1 web2 web4*', 'web1>web2 web4>web2'), ['web2']);
});

test('The error names both hosts, what was seen, and the remedy', (t) => {
  const error = found('web1 web2 web3', 'web1>web3 web2>web3').cutOff.get('web3');
  t.is(error?.code, 'failed');
  t.is(
    error?.message,
    'web3 is cut off from web1 and web2: web1 gets no answer from web3 at 10.0.0.3, ports 2379 and 2380; web2 gets no answer from web3 at 10.0.0.3, ports 2379 and 2380. Open TCP ports 2379 and 2380 between the hosts in both directions, or pass an address that the others reach, with --address web3=ADDRESS or as "address" in the fleet file.',
  );
  const other = found('web1* web2', 'web2>web1', 'no-route').cutOff.get('web2')?.message ?? '';
  t.regex(other, /web2 has no route to web1 at 10\.0\.0\.1, ports 2379 and 2380\. .*--address web1=ADDRESS/);
  const many = found('a* b* c* d* e* web', 'web>a web>b web>c web>d web>e').cutOff.get('web')?.message ?? '';
  t.regex(many, /^web is cut off from a, b, c and 2 more: .*; and 2 more\. Open/);
});

test('Where only one of the ports is closed, the error names that one', (t) => {
  const all = hosts('web1 web2');
  const ways = chooseWays(all).map(
    (way): TriedWay => ({ ...way, state: way.port === 2380 && way.from === 'web1' ? 'silent' : 'open' }),
  );
  const message = findCutOffHosts(all, ways).cutOff.get('web2')?.message ?? '';
  t.regex(message, /web1: web1 gets no answer from web2 at 10\.0\.0\.2, port 2380\. Open/);
});

test('Where a host does not say, nothing is claimed', (t) => {
  t.deepEqual(found('web1 web2', 'web2>web1', 'unknown'), { cutOff: new Map(), unknown: ['web2'] });
});
