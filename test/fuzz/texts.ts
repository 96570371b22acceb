import fc from 'fast-check';
import { parse, YAMLParseError } from 'yaml';
import { matchesPatternList, matchesWildcards } from '../../base/match-wildcards.js';
import { parseDuration } from '../../cli/input/parse-duration.js';
import { parseConfig, parseManifest } from '../../cli/manifest/parse-hawser-yaml.js';
import { json } from './json.js';
import { mutated } from './mutated.js';
import { refusesWith, topic } from './topic.js';

const MANIFEST_KEYS = [
  'name',
  'run',
  'env',
  'health',
  'http',
  'tcp',
  'exec',
  'timeout',
  'interval',
  'seeds',
  'tls',
  'ssh-url',
  'transport',
  'hosts',
];
const manifest = json(...MANIFEST_KEYS);
const yaml = fc.oneof(
  manifest.map((value) => JSON.stringify(value)),
  fc
    .array(
      fc.constantFrom(
        ...MANIFEST_KEYS,
        ': ',
        '\n',
        '  ',
        '- ',
        '&a ',
        '*a',
        '<<: ',
        '!!x ',
        '|',
        '"',
        '{',
        '}',
        '[',
        ']',
        '5s',
        '# ',
        '---\n',
        '\t',
      ),
      { maxLength: 16 },
    )
    .map((parts) => parts.join('')),
);

export const manifests = topic('manifests', mutated(yaml), (text) => {
  const value: unknown = refusesWith([YAMLParseError, ReferenceError], () =>
    parse(text, { logLevel: 'silent' }),
  );
  for (const result of [parseManifest(value), parseConfig(value)])
    if ('problems' in result && result.problems.length === 0)
      throw new Error('it is refused without a reason');
  return 2;
});

const durationText = fc
  .array(
    fc.constantFrom(
      '0',
      '1',
      '9',
      '.',
      '-',
      '+',
      'e',
      'ms',
      's',
      'm',
      'h',
      ' ',
      '\n',
      '٣',
      'Infinity',
      '999999999',
    ),
    { maxLength: 6 },
  )
  .map((parts) => parts.join(''));

export const durations = topic('durations', durationText, (text) => {
  const ms = parseDuration(text);
  if (ms === undefined) return 1;
  if (!Number.isSafeInteger(ms) || ms < 0) throw new Error(`${ms} ms`);
  const unit = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }[/[a-z]+$/.exec(text)?.[0] ?? ''] ?? Number.NaN;
  if (Math.abs(Number.parseFloat(text) * unit - ms) > 0.5001) throw new Error(`${text} is not ${ms} ms`);
  return 2;
});

const wildcard = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?', '[', '!', ','), maxLength: 14 });
const plain = fc.string({ unit: fc.constantFrom('a', 'b', '[', '!'), maxLength: 14 });

/** By dynamic programming: all ways at once. */
function matchesByTable(pattern: string, text: string): boolean {
  let row = [true, ...Array.from(text, () => false)];
  for (const wanted of pattern) {
    const next = [wanted === '*' && row[0] === true];
    for (let at = 1; at <= text.length; at += 1) {
      const isOne = (wanted === '?' || wanted === text[at - 1]) && row[at - 1] === true;
      next.push(wanted === '*' ? row[at] === true || next[at - 1] === true : isOne);
    }
    row = next;
  }
  return row.at(-1) === true;
}

export const patterns = topic('patterns', fc.tuple(wildcard, plain), ([pattern, text]) => {
  if (matchesWildcards(pattern, text) !== matchesByTable(pattern, text))
    throw new Error('the matchers differ');
  const elements = pattern.split(',');
  const hit = (negated: boolean) =>
    elements.some(
      (one) => one.startsWith('!') === negated && matchesByTable(negated ? one.slice(1) : one, text),
    );
  const isEmptyAtEnd = text === '' && elements.at(-1) === '';
  if (!isEmptyAtEnd && matchesPatternList(pattern, text) !== (hit(false) && !hit(true)))
    throw new Error('the lists differ');
  matchesWildcards(`${'a*'.repeat(300)}b`, text.repeat(20));
  return 2;
});
