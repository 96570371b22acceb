import test from 'ava';
import fc from 'fast-check';
import { matchesAny, rangesFor } from '../../world/resources/match-filters.js';
import { parseResourceKey, resourceKey, visiblePrefixes } from '../../world/resources/resource-keys.js';

const hostname = fc.oneof(
  fc.constantFrom('h1', 'h2', 'h'),
  fc.string({ unit: 'binary', minLength: 1 }).filter((text) => !/[/,\0\uFFFD]/.test(text) && text !== '*'),
);
const kind = fc.oneof(
  fc.constantFrom('file', 'svc', 'fil'),
  fc.string({ unit: 'binary', minLength: 1 }).filter((text) => !/[/\0\uFFFD]/.test(text)),
);
const name = fc.oneof(
  fc.constantFrom('/', '/etc/motd', 'a/b/', 'n'),
  fc.string({ unit: 'binary', minLength: 1 }).filter((text) => !/[\0\uFFFD]/.test(text)),
);
const filter = fc.record(
  { kind: fc.oneof(kind, fc.constant('')), name: fc.oneof(name, fc.constant('')), host: hostname },
  { requiredKeys: [] },
);

test('a resource is read back from its key as it was named, whatever its name', (t) => {
  const property = fc.property(hostname, kind, name, fc.option(hostname), (from, itsKind, itsName, to) => {
    const key = resourceKey(from, { kind: itsKind, name: itsName, ...(to === null ? {} : { host: to }) });
    t.deepEqual(parseResourceKey(key), { from, kind: itsKind, name: itsName });
    t.true(visiblePrefixes(to ?? 'any host').some((prefix) => key.startsWith(prefix)));
  });
  fc.assert(property);
});

test('foreign keys are read as resources or as nothing, and never fail', (t) => {
  const part = fc.oneof(fc.constantFrom('', '*', 'h1', 'a,b'), fc.string({ unit: 'binary' }));
  const property = fc.property(fc.array(part), (parts) => {
    const key = `/exported/${parts.join('/')}`;
    const found = parseResourceKey(key);
    t.is(found === undefined || key.endsWith(`/${found.from}/${found.kind}/${found.name}`), true);
  });
  fc.assert(property);
});

test('the ranges that are read hold all that the filters match, once, and nothing of other hosts', (t) => {
  const resource = fc.record({ from: hostname, kind, name });
  const property = fc.property(
    fc.array(filter),
    resource,
    fc.constantFrom('h1', '*', 'h2'),
    (filters, id, to) => {
      const ranges = rangesFor('h1', filters);
      const host = to === '*' ? {} : { host: to };
      const key = resourceKey(id.from, { ...id, ...host });
      const reads = ranges.filter((range) => key.startsWith(range)).length;
      if (to === 'h2') t.is(reads, 0);
      else if (matchesAny(filters, id)) t.is(reads, 1);
      else t.true(reads <= 1);
      t.true(ranges.length <= 128);
    },
  );
  fc.assert(property, { numRuns: 1000 });
});
