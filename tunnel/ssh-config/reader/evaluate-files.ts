import { matchesAny } from '../../../base/match-wildcards.js';
import { configLineError } from '../config-errors.js';
import type { SshEnvironment } from '../environment.js';
import type { HostQuery } from '../host-options.js';
import { EVERY_LINE, GONE, isKeyword, OLD_NAMES, WHOLE_LINE } from '../keywords.js';
import { isJumpList } from '../parse-proxy-jump.js';
import { expandTokens, fileTokens } from '../values/expand-tokens.js';
import { type ReadingContext, readValues } from '../values/read-values.js';
import { evaluateMatch, type MatchSubject } from './evaluate-match.js';
import { runMatchExec } from './run-match-exec.js';
import { type ConfigLine, splitArguments } from './split-config-lines.js';

const MAX_INCLUDE_DEPTH = 16;

/** The most lines of a keyword, and the most files of one, that OpenSSH accepts. */
const MAX_LINES = 100;
const MAX_KNOWN_HOSTS_FILES = 32;

/** What the files say about a host. */
export interface Found {
  readonly options: ReadonlyMap<string, readonly string[]>;
  /** Whether a `Match final` requires a second pass, with the HostName known. */
  readonly wantsFinalPass: boolean;
}

export interface EvaluateOptions {
  readonly query: HostQuery;
  readonly sshEnvironment: SshEnvironment;
  readonly portOf: ReadingContext['portOf'];
  /** Reads the files that an Include names. */
  readonly load: (pattern: string, from: ConfigLine) => Promise<ConfigLine[][]>;
  /** In the final pass: the result of the first one. */
  readonly before?: { readonly hostname: string; readonly found: Found };
  /** Told each line that OpenSSH accepts but ignores. */
  readonly onGone?: ((line: ConfigLine) => void) | undefined;
}

/**
 * Evaluates files in order; the first value of each keyword counts.
 * @throws TunnelError `bad-destination` naming the invalid line
 */
export async function evaluateFiles(
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
  readonly #reading: ReadingContext;

  constructor(given: EvaluateOptions) {
    this.#given = given;
    this.#reading = { portOf: given.portOf, variables: given.sshEnvironment.variables };
    const { query, before } = given;
    this.options = new Map(before?.found.options);
    if (query.user !== undefined) this.options.set('user', [query.user]);
    if (query.port !== undefined) this.options.set('port', [String(query.port)]);
    if (query.through !== undefined) this.options.set('proxyjump', [query.through]);
  }

  /** @param context whether the line of the Include is active: blocks of an included file end with the file */
  async read(
    lines: readonly ConfigLine[],
    context: { readonly isActive: boolean; readonly depth: number },
  ): Promise<void> {
    if (context.depth > MAX_INCLUDE_DEPTH) throw configLineError(lines[0], 'Include goes in circles');
    let { isActive } = context;
    for (const line of lines) {
      const keyword = OLD_NAMES.get(line.keyword) ?? line.keyword;
      const args = argumentsOf(line);
      if (keyword === 'host') isActive = this.#isHost(line, args, context.isActive);
      else if (keyword === 'match') isActive = await this.#isMatch(line, context.isActive);
      else if (keyword === 'include') await this.#include(line, args, { ...context, isActive });
      else this.#set(keyword, line, { args, isActive });
    }
  }

  async #include(
    line: ConfigLine,
    args: readonly string[],
    { isActive, depth }: { readonly isActive: boolean; readonly depth: number },
  ): Promise<void> {
    for (const pattern of args) {
      if (pattern === '') throw configLineError(line, 'it names an empty path');
      for (const included of await this.#given.load(pattern, line)) {
        await this.read(included, { isActive, depth: depth + 1 });
      }
    }
  }

  /** Stops at the pattern that decides: what follows may be invalid. */
  #isHost(line: ConfigLine, args: readonly string[], mayMatch: boolean): boolean {
    const { host } = this.#subject();
    let isHost = false;
    for (const pattern of args) {
      if (pattern === '') throw configLineError(line, 'it names an empty host');
      if (!mayMatch || (pattern.startsWith('!') && matchesAny([pattern.slice(1)], host))) return false;
      if (matchesAny([pattern], host)) isHost = true;
    }
    return isHost;
  }

  async #isMatch(line: ConfigLine, isActive: boolean): Promise<boolean> {
    const result = await evaluateMatch(line.rest, this.#subject(), isActive);
    if ('problem' in result) throw configLineError(line, result.problem);
    if (result.wantsFinalPass) this.wantsFinalPass = true;
    return isActive && result.matches;
  }

  #subject(): MatchSubject {
    const { query, sshEnvironment, before } = this.#given;
    const named = this.options.get('hostname')?.[0];
    const hostname =
      before?.hostname ??
      (named === undefined ? query.host : expandTokens(named, { h: query.host }, query.host));
    const user = this.options.get('user')?.[0] ?? sshEnvironment.localUser;
    const { localUser } = sshEnvironment;
    const host = before?.hostname ?? query.host;
    const isFinalPass = before !== undefined;
    return {
      ...{ host, alias: query.host, hostname, user, localUser, isFinalPass },
      execute: (command, isNeeded) => this.#execute(command, { hostname, user, isNeeded }),
    };
  }

  async #execute(
    command: string,
    { hostname, user, isNeeded }: { hostname: string; user: string; isNeeded: boolean },
  ): Promise<boolean> {
    const { query, sshEnvironment } = this.#given;
    const port = Number(this.options.get('port')?.[0] ?? 22);
    const subject = { alias: query.host, host: hostname, port, user };
    const hostKeyAlias = this.options.get('hostkeyalias')?.[0] ?? hostname;
    const tokens = fileTokens({ ...subject, hostKeyAlias }, sshEnvironment);
    const expanded = expandTokens(command, tokens, query.host);
    return isNeeded ? runMatchExec(expanded, sshEnvironment) : true;
  }

  #set(
    keyword: string,
    line: ConfigLine,
    { args, isActive }: { readonly args: readonly string[]; readonly isActive: boolean },
  ): void {
    if (line.rest === '') throw configLineError(line, 'its value is missing');
    if (GONE.has(keyword)) {
      this.#given.onGone?.(line);
      return;
    }
    if (!isKeyword(keyword)) {
      const ignored = this.options.get('ignoreunknown')?.[0]?.toLowerCase().split(',') ?? [];
      if (matchesAny(ignored, line.keyword)) return;
      throw configLineError(line, `there is no option "${line.keyword}"`);
    }
    const values = this.#valuesOf(keyword, line, args);
    if (isActive && values !== undefined) this.#add(keyword, values, line);
  }

  #valuesOf(keyword: string, line: ConfigLine, args: readonly string[]): readonly string[] | undefined {
    if (keyword === 'proxyjump') return [this.#jumpsOf(line)];
    if (WHOLE_LINE.has(keyword)) return [wholeOf(line)];
    const reading = readValues(keyword, args, this.#reading);
    if ('problem' in reading) throw configLineError(line, reading.problem);
    return reading.values;
  }

  #jumpsOf(line: ConfigLine): string {
    // OpenSSH 9 stops at white space, whether or not a comment follows.
    const jumps = wholeOf(line).replace(/#.*/s, '').replace(/\s.*/s, '');
    if (isJumpList(jumps, this.#reading)) return jumps;
    throw configLineError(line, `"${jumps}" is not a list of hosts`);
  }

  #add(keyword: string, values: readonly string[], line: ConfigLine): void {
    const found = this.options.get(keyword);
    if (found === undefined) {
      if (values.length > MAX_KNOWN_HOSTS_FILES && keyword.endsWith('knownhostsfile'))
        throw configLineError(line, 'it names too many files');
      if (!this.#isOverruled(keyword)) this.options.set(keyword, values);
    } else if (EVERY_LINE.has(keyword)) {
      if (found.length >= MAX_LINES) throw configLineError(line, 'there are too many such lines');
      this.options.set(keyword, [...new Set([...found, ...values])]);
    }
  }

  /** Of ProxyJump and ProxyCommand the first one counts, even if it is `none`. */
  #isOverruled(keyword: string): boolean {
    const other = { proxyjump: 'proxycommand', proxycommand: 'proxyjump' }[keyword];
    return other !== undefined && this.options.has(other);
  }
}

function wholeOf({ rest }: ConfigLine): string {
  return rest.replace(/^[ \t\r\n=]+/, '');
}

function argumentsOf(line: ConfigLine): string[] {
  if (line.rest === '') throw configLineError(line, 'its value is missing');
  const values = splitArguments(line.rest);
  if (values === undefined) throw configLineError(line, 'a quote is not closed');
  return values;
}
