/** What ssh_config says about one host: keywords in lower case with the values of their lines, as `ssh -G` prints them. */
export type HostOptions = ReadonlyMap<string, readonly string[]>;

/** One host to look up in ssh_config, as typed. */
export interface HostQuery {
  readonly host: string;
  readonly user?: string | undefined;
  readonly port?: number | undefined;
  /** Hops that are already known: they replace ProxyJump and ProxyCommand. */
  readonly through?: string | undefined;
}

/** The options of a host, and what they would be without any file. */
export interface EffectiveOptions {
  readonly options: HostOptions;
  readonly defaults: HostOptions;
}

/** Parses the output of `ssh -G`. */
export function parseOptions(text: string): HostOptions {
  const options = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const at = line.indexOf(' ');
    const keyword = (at < 0 ? line : line.slice(0, at)).toLowerCase();
    if (keyword === '') continue;
    const values = options.get(keyword) ?? [];
    values.push(at < 0 ? '' : line.slice(at + 1));
    options.set(keyword, values);
  }
  return options;
}

/** Whether an option differs from what it would be without any file. */
export function isSet({ options, defaults }: EffectiveOptions, keyword: string): boolean {
  return options.get(keyword)?.join('\n') !== defaults.get(keyword)?.join('\n');
}

/** The value of a keyword; undefined when it is not set, or `none`. */
export function singleValue(options: HostOptions, keyword: string): string | undefined {
  const value = options.get(keyword)?.[0];
  return value === undefined || value === '' || value.toLowerCase() === 'none' ? undefined : value;
}

/** Whether a keyword that takes yes or no says yes. */
export function isOn(options: HostOptions, keyword: string): boolean {
  return ['yes', 'true'].includes(singleValue(options, keyword) ?? '');
}

/** Merges a user's options over the system's: what the user's files say wins. */
export function mergeOptions(person: EffectiveOptions, system: EffectiveOptions): EffectiveOptions {
  const options = new Map(system.options);
  for (const [keyword, values] of person.options) {
    if (isSet(person, keyword) || !isSet(system, keyword)) options.set(keyword, values);
  }
  return { options, defaults: person.defaults };
}
