/** How much of somebody else's text is shown on one line, in UTF-16 units: of more, the beginning and the end. */
const MAX_CHARACTERS = 4_000;
const SHARE_OF_BEGINNING = 0.75;

/** As `ls -b` and `cat -v` readers know them. */
const NAMES = new Map([
  ['\x07', '\\a'],
  ['\b', '\\b'],
  ['\t', '\\t'],
  ['\n', '\\n'],
  ['\v', '\\v'],
  ['\f', '\\f'],
  ['\r', '\\r'],
  ['\x1b', '\\e'],
]);

/**
 * What a terminal acts on, or what shows nothing and so passes for something else: C0, DEL and C1; format characters, among them
 * the marks that turn the direction of writing and the tags; letters without a glyph; line and paragraph separators; halves of
 * surrogate pairs. A variation selector stays behind a pictograph, where it belongs.
 */
const UNSAFE =
  /(?!\uFE0F)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|(?<!\p{Extended_Pictographic})\uFE0F/gu;

/** More marks on one letter than a script needs smear over the lines around; one without a letter smears over what we wrote. */
const SMEARING = /(?<=^|\p{M}{4})\p{M}/gu;

/** What of all that JSON.stringify leaves as it is. */
const UNSAFE_IN_JSON = /[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|(?<=\p{M}{4})\p{M}/gu;

/**
 * Somebody else's text as one line that a terminal shows and does not act on: `\e[2J`, `\n`, `\u202e`. Long texts lose their middle.
 *
 * @param most how many characters of it are shown; 4,000 without it.
 */
export function visible(text: string, most = MAX_CHARACTERS): string {
  return withoutMiddle(text, most).replace(SMEARING, escaped).replace(UNSAFE, escaped);
}

/** The same for a value that a person asked to see, whole: its line breaks and tabs are kept. */
export function visibleValue(value: string): string {
  return value
    .split(/([\n\t])/)
    .map((part) => (part === '\n' || part === '\t' ? part : visible(part, Number.POSITIVE_INFINITY)))
    .join('');
}

/** A value as JSON in which every character that a terminal could act on is escaped. It reads back as the same value. */
export function visibleJson(value: unknown): string {
  return JSON.stringify(value).replace(UNSAFE_IN_JSON, (character) =>
    character
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}

function withoutMiddle(text: string, most: number): string {
  if (text.length <= most) return text;
  const beginning = Math.ceil(most * SHARE_OF_BEGINNING);
  const end = most - beginning;
  const left = text.length - most;
  return `${text.slice(0, beginning)}… (${left} more characters) …${end === 0 ? '' : text.slice(-end)}`;
}

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  // A byte of a file's name that is not UTF-8.
  if (code >= 0xdc80 && code <= 0xdcff) return `\\x${hex.slice(2)}`;
  if (code > 0xffff) return `\\u{${hex}}`;
  return NAMES.get(character) ?? (code > 0xff ? `\\u${hex.padStart(4, '0')}` : `\\x${hex.padStart(2, '0')}`);
}
