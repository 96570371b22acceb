/** OpenSSH rejects a list with a pattern as long as this. */
const MAX_PATTERN_CHARACTERS = 1_022;

/** Whether a text matches a pattern in which `*` stands for any characters and `?` for one. */
export function matchesWildcards(pattern: string, text: string): boolean {
  return /[*?]/.test(pattern) ? matchesParts(pattern.split(''), text) : pattern === text;
}

/** Whether a file name matches a pattern as glob(7) has them: also with sets in brackets and backslashes. */
export function matchesGlob(pattern: string, name: string): boolean {
  return matchesParts(pattern.match(GLOB_PARTS) ?? [], name);
}

/** A set, an escaped character, or any one character. */
const GLOB_PARTS = /\[[!^]?\]?[^\]]*\]|\\.|./gs;

/** Takes at most as many steps as the product of both lengths. */
function matchesParts(parts: readonly string[], text: string): boolean {
  let at = 0;
  let next = 0;
  // Where to continue if what follows the last star does not match: one character later in the text.
  let star = -1;
  let retry = 0;
  while (at < text.length) {
    const part = parts[next];
    if (part === '*') {
      star = next;
      retry = at;
      next += 1;
    } else if (part !== undefined && fits(part, text.charAt(at))) {
      next += 1;
      at += 1;
    } else if (star !== -1) {
      retry += 1;
      at = retry;
      next = star + 1;
    } else {
      return false;
    }
  }
  while (parts[next] === '*') next += 1;
  return next === parts.length;
}

function fits(part: string, character: string): boolean {
  if (part.length === 1) return part === '?' || part === character;
  return part.startsWith('[') ? isInSet(part.slice(1, -1), character) : part.charAt(1) === character;
}

/** A leading `!` or `^` negates the set; a range is two characters with a hyphen in between. */
function isInSet(set: string, character: string): boolean {
  const isNegated = /^[!^]/.test(set);
  const members = (isNegated ? set.slice(1) : set).match(/.-.|./gs) ?? [];
  const isMember = members.some((member) =>
    member.length === 3
      ? member.charAt(0) <= character && character <= member.charAt(2)
      : member === character,
  );
  return isMember !== isNegated;
}

/**
 * Whether a comma-separated list of patterns covers a text: one matches, and no negated (`!`) one does. Both must have the
 * same letter case.
 */
export function matchesPatternList(list: string, text: string): boolean {
  let covered = false;
  for (const element of elementsOf(list)) {
    const isNegated = element.startsWith('!');
    const pattern = isNegated ? element.slice(1) : element;
    if (pattern.length > MAX_PATTERN_CHARACTERS) return false;
    if (!matchesWildcards(pattern, text)) continue;
    if (isNegated) return false;
    covered = true;
  }
  return covered;
}

/** Lazily, because there may be many. */
function* elementsOf(list: string): Iterable<string> {
  let start = 0;
  while (start < list.length) {
    const comma = list.indexOf(',', start);
    const end = comma === -1 ? list.length : comma;
    yield list.slice(start, end);
    start = end + 1;
  }
}

/** Whether a list of patterns covers a text: one matches, and no negated one does. */
export function matchesAny(patterns: readonly string[], text: string): boolean {
  let covered = false;
  for (const pattern of patterns) {
    const isNegated = pattern.startsWith('!');
    if (!matchesWildcards(isNegated ? pattern.slice(1) : pattern, text)) continue;
    if (isNegated) return false;
    covered = true;
  }
  return covered;
}
