import { TunnelError } from '../errors.js';
import { matchesWildcards } from '../wildcards.js';
import { EVERY_LINE, isKeyword, OLD_NAMES, SEVERAL_VALUES, WHOLE_LINE } from './keywords.js';
import { type ConfigLine, splitArguments } from './lines.js';
import { judgeMatch, type MatchSubject, matchesAny } from './match.js';
import type { HostQuery } from './options.js';
import type { Surroundings } from './surroundings.js';
import { expandTokens } from './tokens.js';
import { readValue } from './values.js';

const MAX_INCLUDE_DEPTH = 16;

/** What the files say of a host. */
export interface Found {
  readonly options: ReadonlyMap<string, readonly string[]>;
  /** Whether a `Match final` asks for the files to be read once more, knowing the HostName. */
  readonly wantsFinalPass: boolean;
}

export interface EvaluateOptions {
  readonly query: HostQuery;
  readonly surroundings: Surroundings;
  /** Reads the files that an Include names. */
  readonly load: (pattern: string, from: ConfigLine) => Promise<ConfigLine[][]>;
  /** In the final pass: what the first one found. */
  readonly before?: { readonly hostname: string; readonly found: Found };
}

/**
 * Goes through files in order, the first value of each keyword counting.
 * @throws TunnelError `bad-destination` naming the line that is wrong
 */
export async function evaluate(
  files: readonly (readonly ConfigLine[])[],
  options: EvaluateOptions,
): Promise<Found> {
  const evaluation = new Evaluation(options);
  for (const lines of files) await evaluation.read(lines, { isActive: true, depth: 0 });
  return evaluation;
}

class Evaluation implements Found {
  readonly options: Map<string, readonly string[]>;
  wantsFinalPass = false;
  readonly #given: EvaluateOptions;
  readonly #ignored: string[] = [];

  constructor(given: EvaluateOptions) {
    this.#given = given;
    const { query, before } = given;
    this.options = new Map(before?.found.options);
    if (query.user !== undefined) this.options.set('user', [query.user]);
    if (query.port !== undefined) this.options.set('port', [String(query.port)]);
    if (query.through !== undefined) this.options.set('proxyjump', [query.through]);
  }

  /** @param context what held where an Include stands: blocks of an included file end with it */
  async read(
    lines: readonly ConfigLine[],
    context: { readonly isActive: boolean; readonly depth: number },
  ): Promise<void> {
    if (context.depth > MAX_INCLUDE_DEPTH) throw badLine(lines[0], 'Include goes in circles');
    let isActive = context.isActive;
    for (const line of lines) {
      const keyword = OLD_NAMES.get(line.keyword) ?? line.keyword;
      if (keyword === 'host') isActive = context.isActive && this.#isHost(line);
      else if (keyword === 'match') isActive = this.#isMatch(line, context.isActive);
      else if (keyword === 'include') {
        for (const pattern of argumentsOf(line)) {
          for (const included of await this.#given.load(pattern, line)) {
            await this.read(included, { isActive, depth: context.depth + 1 });
          }
        }
      } else this.#set(keyword, line, isActive);
    }
  }

  #isHost(line: ConfigLine): boolean {
    const patterns = argumentsOf(line);
    if (patterns.length === 0) throw badLine(line, 'its value is missing');
    return matchesAny(patterns, this.#subject().host);
  }

  #isMatch(line: ConfigLine, isActive: boolean): boolean {
    const verdict = judgeMatch(argumentsOf(line), this.#subject(), isActive);
    if ('problem' in verdict) throw badLine(line, verdict.problem);
    if (verdict.wantsFinalPass) this.wantsFinalPass = true;
    return isActive && verdict.matches;
  }

  #subject(): MatchSubject {
    const { query, surroundings, before } = this.#given;
    const hostname = this.options.get('hostname')?.[0];
    return {
      host: before?.hostname ?? query.host,
      alias: query.host,
      hostname:
        before?.hostname ??
        (hostname === undefined ? query.host : expandTokens(hostname, { h: query.host }, query.host)),
      user: this.options.get('user')?.[0] ?? surroundings.localUser,
      localUser: surroundings.localUser,
      isFinalPass: before !== undefined,
    };
  }

  #set(keyword: string, line: ConfigLine, isActive: boolean): void {
    if (keyword === 'ignoreunknown') {
      const ignored = valueOfLine(keyword, line).split(',');
      if (isActive) this.#ignored.push(...ignored);
      return;
    }
    if (!isKeyword(keyword)) {
      if (this.#ignored.some((pattern) => matchesWildcards(pattern.toLowerCase(), line.keyword))) return;
      throw badLine(line, `there is no option "${line.keyword}"`);
    }
    const value = valueOfLine(keyword, line);
    if (!isActive) return;
    const found = this.options.get(keyword);
    if (found === undefined) {
      if (!this.#isOverruled(keyword)) this.options.set(keyword, [value]);
    } else if (EVERY_LINE.has(keyword) && !found.includes(value))
      this.options.set(keyword, [...found, value]);
  }

  /** Of ProxyJump and ProxyCommand the first that is said counts; only a ProxyJump `none` says nothing. */
  #isOverruled(keyword: string): boolean {
    if (keyword === 'proxyjump') return this.options.has('proxycommand');
    return (
      keyword === 'proxycommand' && (this.options.get('proxyjump')?.[0] ?? 'none').toLowerCase() !== 'none'
    );
  }
}

function valueOfLine(keyword: string, line: ConfigLine): string {
  const values = argumentsOf(line);
  if (WHOLE_LINE.has(keyword)) {
    if (line.rest === '') throw badLine(line, 'its value is missing');
    return line.rest;
  }
  const [first] = values;
  if (first === undefined || first === '') throw badLine(line, 'its value is missing');
  if (SEVERAL_VALUES.has(keyword)) return values.join(' ');
  if (values.length > 1) throw badLine(line, 'it has more values than one');
  const value = readValue(keyword, first);
  if (value === undefined) throw badLine(line, `"${first}" is no value for it`);
  return value;
}

function argumentsOf(line: ConfigLine): string[] {
  const values = splitArguments(line.rest);
  if (values === undefined) throw badLine(line, 'a quote is not closed');
  return values;
}

function badLine(line: ConfigLine | undefined, problem: string): TunnelError {
  const file = line?.file ?? '';
  return new TunnelError(
    'bad-destination',
    file,
    `Cannot follow ${file} line ${line?.line}: ${line?.keyword}: ${problem}.`,
    { file, ...(line && { line: line.line }) },
  );
}
