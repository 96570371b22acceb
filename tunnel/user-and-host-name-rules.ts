/** What a name must not contain. */
interface NameRules {
  /** A single character anywhere. */
  readonly character: RegExp;
  /** A misplaced character. */
  readonly shape: RegExp;
}

/**
 * For destinations given by a person or a file. Names get into the user's shell as `%r` and `%h` (ProxyCommand, Match exec),
 * so anything with a meaning in a shell is rejected, even where OpenSSH allows it.
 */
const GIVEN_USER: NameRules = { character: /[$\\'"`!*~%;&<>|(){}[\]?\s\p{C}]/u, shape: /^[-#]/ };
const GIVEN_HOST: NameRules = { character: /[$\\'"`!*~%;&<>|(){}[\],?@:\s\p{C}]/u, shape: /^[-#]/ };

/** For the user's own ssh_config: what OpenSSH 10 allows in hops. */
const CONFIGURED_USER: NameRules = { character: /['"`;&<>|(){}\p{Cc}]/u, shape: /^-|\s-|\\$/ };
const CONFIGURED_HOST: NameRules = { character: /['"`$\\;&<>|(){},\s\p{Cc}]/u, shape: /^-/ };

const RULES = {
  'given user': GIVEN_USER,
  'given host': GIVEN_HOST,
  'configured user': CONFIGURED_USER,
  'configured host': CONFIGURED_HOST,
} as const;

/** What is wrong with a name, to follow it in a sentence; undefined if nothing is. */
export function nameProblem(kind: keyof typeof RULES, name: string): string | undefined {
  if (name === '') return 'is empty';
  const { character, shape } = RULES[kind];
  const found = character.exec(name)?.[0];
  if (found !== undefined) return `contains ${nameOf(found)}`;
  const misplaced = shape.exec(name)?.[0];
  if (misplaced === undefined) return undefined;
  return misplaced === '\\' ? 'ends with a backslash' : `begins a word with "${misplaced.trim()}"`;
}

function nameOf(character: string): string {
  if (/\s/.test(character)) return 'white space';
  if (/\p{C}/u.test(character)) return 'a control character';
  return character === '"' ? 'a quote' : `"${character}"`;
}
