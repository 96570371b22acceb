import fc from 'fast-check';

/** Any JSON, and JSON with keys that mean something here. */
export function json(...keys: readonly string[]): fc.Arbitrary<unknown> {
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom<unknown>(
        null,
        true,
        0,
        -1,
        1e308,
        '',
        'a',
        '/',
        '..',
        '5s',
        'a'.repeat(64),
        [],
        {},
        '\u202e',
        '\ud800',
        '__proto__',
      ),
      fc.string(),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.oneof(fc.constantFrom(...keys), fc.string({ maxLength: 3 })), tie('value'), {
        maxKeys: 6,
      }),
    ),
  }));
  return value;
}

export const same = (one: unknown, other: unknown, what: string) => {
  if (JSON.stringify(one) !== JSON.stringify(other))
    throw new Error(`${what}: ${JSON.stringify(one)} came back as ${JSON.stringify(other)}`);
};
