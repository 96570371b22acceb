/** What a name may not hold, and what to say of it. */
interface NameRules {
  /** A single character anywhere. */
  readonly character: RegExp;
  /** Something else, such as where a character stands. */
  readonly shape: RegExp;
}

/**
 * For what a person, or a file, gives as a destination. Names come into lines for the person's shell by `%r` and `%h`
 * (ProxyCommand, Match exec), so that nothing passes that a shell acts on anywhere, not even where OpenSSH lets it.
 */
const GIVEN_USER: NameRules = { character: /[$\\'"`!*~%;&<>|(){}[\]?\s\p{C}]/u, shape: /^[-#]/ };
const GIVEN_HOST: NameRules = { character: /[$\\'"`!*~%;&<>|(){}[\],?@:\s\p{C}]/u, shape: /^[-#]/ };

/** For what ssh_config says, which is the person's own: what OpenSSH 10 takes for hops. */
const CONFIGURED_USER: NameRules = { character: /['"`;&<>|(){}\p{Cc}]/u, shape: /^-|\s-|\\$/ };
const CONFIGURED_HOST: NameRules = { character: /['"`$\\;&<>|(){},\s\p{Cc}]/u, shape: /^-/ };

const RULES = {
  'given user': GIVEN_USER,
  'given host': GIVEN_HOST,
  'configured user': CONFIGURED_USER,
  'configured host': CONFIGURED_HOST,
} as const;

/** Why a name cannot be taken, as the end of a sentence that begins with it; undefined when it can. */
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
