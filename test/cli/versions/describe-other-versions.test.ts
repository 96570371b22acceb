import test from 'ava';
import { describeOtherVersions, type Speaker } from '../../../cli/versions/describe-other-versions.js';

const own = { version: '0.2.0', protocol: 2 };

function said(agents: Record<string, Speaker>): string | undefined {
  return describeOtherVersions(new Map(Object.entries(agents)), own);
}

test('Agents of the same version are nothing to speak of', (t) => {
  t.is(said({}), undefined);
  t.is(said({ web1: own, web2: own }), undefined);
});

test('Newer agents ask for a newer laptop', (t) => {
  const newer = { version: '0.3.0', protocol: 3 };
  t.is(
    said({ web2: newer, db1: own, web1: newer }),
    'web1 and web2 run hawser 0.3.0 (protocol 3), which this hawser (0.2.0, protocol 2) does not fully support: update it with "npm install -g hawser".',
  );
});

test('Older agents ask for an upgrade, those from before the protocol too', (t) => {
  t.is(
    said({ web1: { version: '0.1.0', protocol: 1 }, web2: { version: '0.0.9' } }),
    'web1 and web2 run hawser 0.1.0 (protocol 1) and 0.0.9 (no protocol), older than this hawser (0.2.0, protocol 2), which they may not fully support: run "hawser upgrade".',
  );
});

test('Another version of the same protocol is said, with nothing to do', (t) => {
  t.is(
    said({ web1: { version: '0.2.1', protocol: 2 } }),
    'web1 runs hawser 0.2.1 (protocol 2); this is hawser 0.2.0, which works with that.',
  );
});

test('Whoever differs in their own way is said in a sentence of its own', (t) => {
  const text = said({ a: { version: '1', protocol: 3 }, b: { version: '0' }, c: { ...own, version: '2' } });
  t.deepEqual(text?.match(/\b[abc] runs/g), ['a runs', 'b runs', 'c runs']);
});

test('A large fleet and a long version make no long text', (t) => {
  const hosts = Array.from({ length: 500 }, (_, index) => `host${String(index).padStart(3, '0')}`);
  const text =
    said(Object.fromEntries(hosts.map((name) => [name, { version: `${name}-${'9'.repeat(999)}` }]))) ?? '';
  t.regex(text, /^host000, host001, host002 and 497 more run hawser host000-9{32} /);
  t.regex(text, / and 497 more, older /);
  t.true(text.length < 500);
});
