// Reads the blocks of code of a page, and the marks before them: HTML comments, which readers do not see. See site/README.md.

/** A block of code between fences. */
export interface Block {
  readonly kind: 'block';
  /** `sh`, `console`, `yaml`…; empty if the fence says nothing. */
  readonly language: string;
  readonly text: string;
  /** The line of the page on which its text begins, from 1. */
  readonly line: number;
  /** The marks before it, by name: `file`, `exits`… */
  readonly marks: ReadonlyMap<string, string>;
}

/** A command that readers do not see. */
export interface HiddenCommand {
  readonly kind: 'hidden';
  readonly command: string;
  readonly line: number;
}

/** What a page is executed on. */
export interface Session {
  readonly kind: 'laptop' | 'fleet' | 'containers' | 'bare';
  readonly hosts: readonly string[];
}

/** What is executable of a page, in its order. */
export interface ParsedPage {
  readonly session: Session | undefined;
  readonly items: readonly (Block | HiddenCommand)[];
}

const BLOCK_MARKS = ['yaml', 'unchecked', 'file', 'exits', 'not run', 'answer', 'interrupt'];
const PAGE_MARKS = ['session', 'run'];
/** Marks of other readers of the page. */
const FOREIGN = ['generated'];
const MARK = /^ *<!-- ([a-z ]+?)(?:: (.*?))? -->$/;
const FENCE = /^( *)(```+|~~~+) *([\w-]*)/;

/** @throws Error for a mark that is unknown, that no block follows, or that comes twice */
export function parsePage(text: string): ParsedPage {
  const reader = new PageReader(text.split('\n'));
  while (reader.next());
  return reader.finish();
}

class PageReader {
  readonly #lines: readonly string[];
  readonly #items: (Block | HiddenCommand)[] = [];
  #session: Session | undefined;
  #marks = new Map<string, string>();
  #index = 0;

  constructor(lines: readonly string[]) {
    this.#lines = lines;
  }

  /** Reads a line, or a whole block; false at the end. */
  next(): boolean {
    const line = this.#lines[this.#index];
    if (line === undefined) return false;
    this.#index += 1;
    const [, name, value = ''] = MARK.exec(line) ?? [];
    const [, indent = '', fence, language = ''] = FENCE.exec(line) ?? [];
    if (name !== undefined) this.#mark(name, value);
    else if (fence !== undefined) this.#block(indent, fence, language);
    else if (line.trim() !== '' && this.#marks.size > 0)
      throw this.#problem(`expected a block after a mark, got ${line}`);
    return true;
  }

  finish(): ParsedPage {
    if (this.#marks.size > 0) throw this.#problem('expected a block after a mark');
    return { session: this.#session, items: this.#items };
  }

  #mark(name: string, value: string): void {
    if (FOREIGN.includes(name)) return;
    if (name === 'session') {
      if (this.#session !== undefined) throw this.#problem('the page has a session already');
      this.#session = parseSession(value);
      if (this.#session === undefined)
        throw this.#problem(
          `expected "laptop", or "fleet", "containers" or "bare" with names of hosts, got ${value}`,
        );
    } else if (name === 'run') {
      this.#items.push({ kind: 'hidden', command: value, line: this.#index });
    } else if (BLOCK_MARKS.includes(name) && !this.#marks.has(name)) {
      this.#marks.set(name, value);
    } else {
      throw this.#problem(`expected one of ${[...PAGE_MARKS, ...BLOCK_MARKS].join(', ')}, once, got ${name}`);
    }
  }

  #block(indent: string, fence: string, language: string): void {
    const line = this.#index + 1;
    const length = this.#lines.slice(this.#index).findIndex((one) => one.trim() === fence);
    if (length === -1) throw this.#problem('this block has no end');
    const body = this.#lines.slice(this.#index, this.#index + length);
    const text = body.map((one) => `${one.startsWith(indent) ? one.slice(indent.length) : one}\n`).join('');
    this.#items.push({ kind: 'block', language, text, line, marks: this.#marks });
    this.#marks = new Map();
    this.#index += length + 1;
  }

  #problem(what: string): Error {
    return new Error(`line ${this.#index}: ${what}`);
  }
}

function parseSession(value: string): Session | undefined {
  const [kind = '', ...hosts] = value.split(' ');
  if (kind !== 'laptop' && kind !== 'fleet' && kind !== 'containers' && kind !== 'bare') return undefined;
  return (kind === 'laptop') === (hosts.length === 0) ? { kind, hosts } : undefined;
}

/** A command of a block, and what it must print. */
export interface Command {
  readonly command: string;
  readonly line: number;
  /** Of a `console` block: what follows it. */
  readonly expected: string | undefined;
}

/** The commands of a block for the shell; none of one in another language. */
export function commandsOf({ language, text, line }: Block): Command[] {
  if (language === 'sh') return scriptCommands(text, line);
  return language === 'console' ? typedCommands(text, line) : [];
}

/** Lines of a script; `\` continues one, and so does an open heredoc. */
function scriptCommands(text: string, first: number): Command[] {
  const commands: Command[] = [];
  let open: string[] = [];
  let end: string | undefined;
  for (const [index, line] of text.trimEnd().split('\n').entries()) {
    open.push(line);
    if (end === undefined) [, end] = /<<-?\s*['"]?(\w+)['"]?/.exec(line) ?? [];
    else if (line.trim() === end) end = undefined;
    else continue;
    if (end !== undefined || line.endsWith('\\')) continue;
    const command = open.join('\n');
    if (!/^\s*(#.*)?$/.test(command))
      commands.push({ command, line: first + index - open.length + 1, expected: undefined });
    open = [];
  }
  return commands;
}

function typedCommands(text: string, first: number): Command[] {
  const commands: Command[] = [];
  for (const [index, line] of text.trimEnd().split('\n').entries()) {
    const last = commands.at(-1);
    if (line.startsWith('$ ')) commands.push({ command: line.slice(2), line: first + index, expected: '' });
    else if (last === undefined)
      throw new Error(`line ${first + index}: expected "$ " and a command first, got ${line}`);
    else if (line.startsWith('> ') && last.expected === '')
      commands.splice(-1, 1, { ...last, command: `${last.command}\n${line.slice(2)}` });
    else commands.splice(-1, 1, { ...last, expected: `${last.expected}${line}\n` });
  }
  return commands;
}
