import fc from 'fast-check';
import { KINDS, MATCHES, NUMBERS, PATHS, PATTERNS, TEXTS } from './pools.js';

/** A configuration: its lines, and those of two files that it may include. */
export interface GeneratedConfig {
  readonly lines: readonly string[];
  readonly included: readonly (readonly string[])[];
}

/** Variables that exist while it is read. */
export const GENERATED_VARIABLES = { VAR: 'value', SPACED: 'a b', EMPTY: '', PATHVAR: '/v' };

const FORMS: readonly ((keyword: string, value: string) => string)[] = [
  (keyword, value) => `${keyword} ${value}`,
  (keyword, value) => `  ${keyword.toLowerCase()}\t${value}  `,
  (keyword, value) => `${keyword}=${value}`,
  (keyword, value) => `${keyword} = ${value}`,
  (keyword, value) => `${keyword.toUpperCase()}   =${value}`,
  (keyword, value) => `${keyword} "${value}"`,
  (keyword, value) => `${keyword} ${value} # remark`,
  (keyword, value) => `${keyword} ${value}\r`,
  (keyword, value) => `"${keyword}" ${value}`,
  (keyword, value) => `\f${keyword} ${value}`,
  (keyword, value) => `${keyword} ${value} extra`,
  (keyword, value) => `# ${keyword} ${value}`,
  (keyword, value) => `${keyword}\t\t'${value}'`,
  (keyword, value) => `= ${keyword} ${value}`,
  (keyword, value) => `${keyword} == ${value}`,
];

/** Mostly the first, which is what people write. */
const form = fc.oneof(
  { weight: 3, arbitrary: fc.constant(FORMS[0]) },
  { weight: 1, arbitrary: fc.constantFrom(...FORMS) },
);
const statement = fc
  .constantFrom(...KINDS)
  .chain(([keywords, values]) => fc.tuple(fc.constantFrom(...keywords), fc.constantFrom(...values)));
const anyStatement = fc.tuple(
  fc.constantFrom(...KINDS.flatMap(([keywords]) => keywords)),
  fc.constantFrom(...TEXTS, ...PATHS, ...NUMBERS),
);

const host = fc
  .array(fc.constantFrom(...PATTERNS), { minLength: 1, maxLength: 3 })
  .map((words): [string, string] => ['Host', words.join(' ')]);
const criterion = fc
  .tuple(
    fc.constantFrom('host', '!host', 'originalhost', 'user', 'localuser', 'Host', '!originalhost'),
    fc.constantFrom('=', ' = ', ' ', '  '),
    fc.constantFrom(...PATTERNS),
  )
  .map((words) => words.join(''));
const match = fc
  .oneof(
    fc.constantFrom(...MATCHES),
    fc.array(criterion, { minLength: 1, maxLength: 2 }).map((words) => words.join(' ')),
  )
  .map((criteria): [string, string] => ['Match', criteria]);
const include = fc
  .constantFrom(
    'FOLDER/0.conf',
    'FOLDER/?.conf',
    'FOLDER/[0-1].conf',
    'FOLDER/[!0].conf',
    'FOLDER/none',
    '"FOLDER/1.conf"',
    'FOLDER/0.conf FOLDER/1.conf',
    '~/no-such-folder/*',
    'no-such-file',
    'FOLDER',
    '~nobody-of-that-name/x',
    'FOLDER/{0,1}.conf',
    'FOLDER/\\?.conf',
    '€{VAR}',
  )
  .map((files): [string, string] => ['Include', files]);

function linesOf(words: fc.Arbitrary<[string, string]>): fc.Arbitrary<string> {
  return fc
    .tuple(form, words)
    .map(([write, [keyword, value]]) => (write ?? FORMS[0])?.(keyword, value.replaceAll('€', '$')) ?? '');
}

const line = fc.oneof(
  { weight: 12, arbitrary: linesOf(statement) },
  { weight: 2, arbitrary: linesOf(anyStatement) },
  { weight: 3, arbitrary: linesOf(host) },
  { weight: 3, arbitrary: linesOf(match) },
  { weight: 1, arbitrary: linesOf(include) },
);
const innerLine = fc.oneof(
  { weight: 4, arbitrary: linesOf(statement) },
  { weight: 1, arbitrary: linesOf(host) },
  { weight: 1, arbitrary: linesOf(match) },
);

/** Files of all keywords, in all the forms that people and programs write them in, many of them wrong. */
export const generatedConfig: fc.Arbitrary<GeneratedConfig> = fc.record({
  // One that is wrong is enough to have the file refused: short ones show more.
  lines: fc.oneof(fc.array(line, { maxLength: 2 }), fc.array(line, { maxLength: 7 })),
  included: fc.tuple(fc.array(innerLine, { maxLength: 3 }), fc.array(innerLine, { maxLength: 3 })),
});
