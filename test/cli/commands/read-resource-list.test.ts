import test from 'ava';
import fc from 'fast-check';
import { CliError } from '../../../cli/errors.js';
import { parseResourceList } from '../../../cli/input/read-resource-list.js';

const text = fc.string({ unit: 'binary' });
const resource = fc.record(
  { kind: text, name: text, host: text, data: text },
  { requiredKeys: ['kind', 'name'] },
);

test.serial('a list is read as it was written, whatever its texts hold', (t) => {
  fc.assert(
    fc.property(fc.array(resource, { maxLength: 5 }), (list) => {
      const written = JSON.stringify(list);
      t.is(JSON.stringify(parseResourceList(written, 'f')), JSON.stringify(JSON.parse(written)));
    }),
    { numRuns: 100 },
  );
});

const wrong: readonly (readonly [text: string, message: RegExp])[] = [
  ['', /^f is not valid JSON/],
  ['nonsense', /^f is not valid JSON/],
  ['{"kind":"k"}', /^f is not a list/],
  ['[5]', /^f, entry 1:/],
  ['[{"kind":"k","name":"n"},{"kind":"k"}]', /^f, entry 2, name:/],
  ['[{"kind":"k","name":"n","data":5}]', /^f, entry 1, data:/],
  ['[{"kind":"k","name":"n","data":null}]', /^f, entry 1, data:/],
  ['[{"kind":"k","name":"n","hots":"a"}]', /^f, entry 1.*hots/],
];

for (const [json, message] of wrong) {
  test.serial(`says what is wrong where in ${json || 'nothing'}`, (t) => {
    t.throws(() => parseResourceList(json, 'f'), { instanceOf: CliError, message });
  });
}
