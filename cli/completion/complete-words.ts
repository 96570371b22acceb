import type { Argument, Command, Option } from 'commander';

/** What can stand at a place of a command line, beside what commander itself knows. */
export type NameKind = 'fleets' | 'hosts' | 'apps' | 'destinations' | 'labs' | 'lab-hosts' | 'files' | 'none';

/** What can be typed next. */
export type Completion =
  /** One of these. */
  | { readonly kind: 'words'; readonly words: readonly Candidate[] }
  /** Names that the program has to look up. */
  | { readonly kind: 'names'; readonly names: NameKind; readonly fleet: string | undefined };

export interface Candidate {
  readonly word: string;
  readonly description: string;
}

/**
 * What can follow words that were typed.
 *
 * @param words after the program's name and before the one that is being typed
 * @param typed what there is of that one
 */
export function completeWords(root: Command, words: readonly string[], typed: string): Completion {
  const place = new Place(root);
  for (const word of words) place.pass(word);
  return place.next(typed);
}

/** How far a command line has been read. */
class Place {
  #command: Command;
  /** An option whose value is next. */
  #option: Option | undefined;
  #arguments = 0;
  #isOptionsEnd = false;
  #fleet: string | undefined;

  constructor(root: Command) {
    this.#command = root;
  }

  pass(word: string): void {
    if (this.#option !== undefined) {
      this.#take(this.#option, word);
      this.#option = undefined;
    } else if (this.#isOptionsEnd || !word.startsWith('-') || word === '-') this.#passOperand(word);
    else if (word === '--') this.#isOptionsEnd = true;
    else this.#passOption(word);
  }

  next(typed: string): Completion {
    if (this.#option !== undefined) return this.#valueOf(this.#option);
    const [, long = '', value] = /^(--[^=]+)=(.*)$/s.exec(typed) ?? [];
    const option = value === undefined ? undefined : this.#find(long);
    if (option !== undefined) return this.#valueOf(option);
    if (typed.startsWith('-') && !this.#isOptionsEnd) return this.#options();
    const subcommands = this.#arguments === 0 ? visibleCommands(this.#command) : [];
    if (subcommands.length > 0) return words(subcommands.map((one) => [one.name(), one.description()]));
    return this.#argument();
  }

  #passOperand(word: string): void {
    const subcommand = this.#arguments === 0 && this.#command.commands.find((one) => one.name() === word);
    if (subcommand) this.#command = subcommand;
    else this.#arguments += 1;
  }

  #passOption(word: string): void {
    const [, name = word, value] = /^(--[^=]+)=(.*)$/s.exec(word) ?? [];
    const option = this.#find(name);
    if (option === undefined || !(option.required || option.optional)) return;
    if (value === undefined) this.#option = option;
    else this.#take(option, value);
  }

  #take(option: Option, value: string): void {
    if (option.long === '--fleet') this.#fleet = value;
  }

  #find(name: string): Option | undefined {
    return this.#command.options.find(({ long, short }) => long === name || short === name);
  }

  #options(): Completion {
    const shown = this.#command.createHelp().visibleOptions(this.#command);
    return words(shown.flatMap(({ long, description }) => (long ? [[long, description] as const] : [])));
  }

  #valueOf(option: Option): Completion {
    if (option.argChoices !== undefined) return words(option.argChoices.map((one) => [one, '']));
    if (option.long === '--name' && this.#command.parent?.name() === 'lab') return this.#names('labs');
    const [, placeholder = ''] = /[<[]([^>\]]+)[>\]]/.exec(option.flags) ?? [];
    return this.#names(NAMES_OF_OPTIONS[option.long ?? ''] ?? kindOf(placeholder));
  }

  #argument(): Completion {
    const all = this.#command.registeredArguments;
    const last = all.at(-1);
    const argument: Argument | undefined = all[this.#arguments] ?? (last?.variadic ? last : undefined);
    if (argument === undefined) return this.#names('none');
    if (argument.argChoices !== undefined) return words(argument.argChoices.map((one) => [one, '']));
    if (this.#command.parent?.name() === 'lab' && /^hosts?$/.test(argument.name()))
      return this.#names('lab-hosts');
    const path = `${this.#command.parent?.name()} ${this.#command.name()}`;
    return this.#names(NAMES_OF_ARGUMENTS[path] ?? kindOf(argument.name()));
  }

  #names(names: NameKind): Completion {
    return { kind: 'names', names, fleet: this.#fleet };
  }
}

/** Where the placeholder does not say what is meant. */
const NAMES_OF_OPTIONS: Readonly<Record<string, NameKind | undefined>> = {
  '--fleet': 'fleets',
  '--app': 'apps',
  '--hostname': 'hosts',
  '--hosts': 'hosts',
  '--ssh-url': 'destinations',
};

const NAMES_OF_ARGUMENTS: Readonly<Record<string, NameKind | undefined>> = {
  'fleet show': 'fleets',
  'fleet use': 'fleets',
  'fleet edit': 'fleets',
  'fleet add': 'files',
  'forward stop': 'fleets',
  'lab show': 'labs',
  'lab down': 'labs',
};

function kindOf(placeholder: string): NameKind {
  const name = placeholder.toLowerCase();
  if (/^(hosts?|selection)$/.test(name)) return 'hosts';
  if (/^apps?$/.test(name)) return 'apps';
  if (/^destinations?$/.test(name)) return 'destinations';
  return /file|dir|folder|path|source|target|local/.test(name) ? 'files' : 'none';
}

function visibleCommands(command: Command): Command[] {
  return command.createHelp().visibleCommands(command);
}

function words(all: readonly (readonly [word: string, description: string])[]): Completion {
  return { kind: 'words', words: all.map(([word, description]) => ({ word, description })) };
}
