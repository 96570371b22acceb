import fc from 'fast-check';

/** What may stand where it does not belong. */
export const odd: fc.Arbitrary<string> = fc.constantFrom(
  ' ',
  '\t',
  '\r',
  '\v',
  '\f',
  '\0',
  '\xa0',
  '\x85',
  '\xef\xbb\xbf',
  '\xe2\x80\x8b',
  '=',
  '-',
  '_',
  '#',
  '"',
  '\\',
  ',',
  '!',
  '@',
  '*',
  '?',
  '|',
  'A',
  '\xff',
);

/** Changes a text in a few places. */
export function mutated(text: fc.Arbitrary<string>, most = 2): fc.Arbitrary<string> {
  const change = fc.tuple(fc.nat(), fc.constantFrom('insert', 'replace', 'delete'), odd);
  return fc.tuple(text, fc.array(change, { maxLength: most })).map(([given, changes]) =>
    changes.reduce((now, [place, how, what]) => {
      const at = place % (now.length + 1);
      return `${now.slice(0, at)}${how === 'delete' ? '' : what}${now.slice(how === 'insert' ? at : at + 1)}`;
    }, given),
  );
}
