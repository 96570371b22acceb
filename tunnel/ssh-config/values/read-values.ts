import { isAlgorithmList, isListOf } from './algorithm-lists.js';
import { isForward, readPort } from './check-forward.js';
import { isMultistate, readMultistate } from './read-multistate.js';
import { readBytes, readInteger, readSeconds } from './read-numbers.js';
import type { PortOf } from './read-services.js';

/** The result of a line: the values that `ssh -G` would print, or what is wrong with it. */
export type Reading =
  /** Without values the line sets nothing, and a later one may. */
  { readonly values?: readonly string[] } | { readonly problem: string };

/** What values may refer to. */
export interface ReadingContext {
  readonly portOf: PortOf;
  readonly variables: Readonly<Record<string, string | undefined>>;
}

type Reader = (args: readonly string[], context: ReadingContext) => Reading;

const MISSING = { problem: 'its value is missing' };
const NOTHING = { values: [] };

const IPQOS = /^(none|af[1-4][1-3]|cs[0-7]|ef|le|va|lowdelay|throughput|reliability)$/i;

/** As strtol(3) reads it, with the base that it begins with. */
function isServiceType(text: string): boolean {
  const [, sign, digits = ''] = /^[ \t\r\n\v\f]*([+-]?)(0x[\da-f]+|0[0-7]*|[1-9]\d*)$/i.exec(text) ?? [];
  const number = /^0[0-7]/.test(digits) ? Number.parseInt(digits, 8) : Number(digits);
  return IPQOS.test(text) || (digits !== '' && number <= 255 && (sign !== '-' || number === 0));
}

/** Reads a single value: undefined for an invalid one, `UNSET` for one that sets nothing. */
const UNSET = Symbol('unset');
function one(read: (text: string, context: ReadingContext) => string | typeof UNSET | undefined): Reader {
  return ([text, ...more], context) => {
    if (text === undefined || text === '') return MISSING;
    const value = read(text, context);
    if (value === undefined) return { problem: `"${text}" is not a valid value` };
    if (more.length > 0) return { problem: 'it takes only one value' };
    return value === UNSET ? {} : { values: [value] };
  };
}

const string = one((text) => text);
const integer = one((text) => readInteger(text)?.toString());
const time = one((text) => (text === 'none' ? UNSET : readSeconds(text)?.toString()));
const port = one((text, { portOf }) => {
  const number = readPort(text, portOf);
  return number ? String(number) : undefined;
});
/** A value that has no effect here, and only has to be valid. */
const valid = (isValid: (text: string) => boolean): Reader =>
  one((text) => (isValid(text) ? text : undefined));

/** Reads several values, or one special value alone. */
function several(
  alone: readonly string[],
  isValid: (text: string, context: ReadingContext) => boolean,
): Reader {
  return (args, context) => {
    for (const text of args) {
      if (alone.includes(text.toLowerCase())) {
        if (args.length > 1) return { problem: `"${text}" must stand alone` };
      } else if (text === '' || !isValid(text, context)) return { problem: `"${text}" is not a valid value` };
    }
    return args.length === 0 ? {} : { values: args };
  };
}

const anyText = () => true;

function forward(isDynamic: boolean, isRemote: boolean): Reader {
  return ([from, to, ...more], { portOf, variables }) => {
    if (!from || (!isDynamic && !isRemote && !to)) return MISSING;
    const withoutTarget = isDynamic || !to;
    if (more.length > 0 || (isDynamic && to !== undefined)) return { problem: 'it has too many values' };
    const text = expandVariables(withoutTarget ? from : `${from}:${to}`, variables);
    const kind = { isDynamic: withoutTarget, isRemote };
    return text !== undefined && isForward(text.slice(0, 255), kind, portOf)
      ? NOTHING
      : { problem: 'it is not a valid forward' };
  };
}

const rekeyLimit: Reader = ([size, time, ...more]) => {
  if (!size) return MISSING;
  const bytes = size === 'default' ? 0n : readBytes(size);
  if (bytes === undefined || (bytes !== 0n && bytes < 16n))
    return { problem: `"${size}" is not a valid size` };
  const seconds = time === undefined || time === 'none' ? 0 : readSeconds(time);
  if (seconds === undefined || more.length > 0) return { problem: `"${time}" is not a valid time` };
  return { values: [`${bytes} ${seconds}`] };
};

/** `yes`, `ask`, a time, or `confirm` with a time. */
const addKeysToAgent: Reader = ([first, second, ...more]) => {
  if (!first) return MISSING;
  const name = { yes: 'true', no: 'false' }[first.toLowerCase()] ?? first.toLowerCase();
  const isName = ['true', 'false', 'ask', 'confirm'].includes(name);
  const timed = isName ? second : first;
  const seconds = timed === undefined ? 0 : readSeconds(timed);
  const isWrong = isName ? second !== undefined && name !== 'confirm' : second !== undefined;
  if (isWrong || seconds === undefined || more.length > 0)
    return { problem: 'it is not yes, ask, confirm or a time' };
  if (seconds === 0) return { values: [isName ? name : 'true'] };
  return { values: [name === 'confirm' ? `confirm ${seconds}` : String(seconds)] };
};

/** A path, or the name of a variable that contains it. */
const agentPath = one((text, { variables }) => {
  const isLegacy = text.startsWith('$') && !text.startsWith('${');
  if (isLegacy && !/^\$\w+$/.test(text)) return undefined;
  return expandVariables(text, variables) === undefined ? undefined : text;
});

const forwardAgent: Reader = (args, context) =>
  readMultistate('batchmode', args[0] ?? '') === undefined ? agentPath(args, context) : string(args, context);

const setEnv: Reader = (args) =>
  args.every((text) => text.includes('=')) ? { values: args } : { problem: 'a variable has no value' };

const permitRemoteOpen: Reader = (args, context) =>
  args.length === 0
    ? MISSING
    : several(['any', 'none'], (text, { portOf }) => {
        const target = /^(?:\[[^\]]*\]|[^:/[]*):(.*)$/s.exec(text)?.[1];
        return target === '*' || (target !== undefined && (readPort(target, portOf) ?? 0) > 0);
      })(args, context);

const ipQos: Reader = ([interactive, bulk, ...more]) => {
  if (interactive === undefined) return MISSING;
  const isValid = [interactive, bulk ?? interactive].every(isServiceType) && more.length === 0;
  return isValid ? NOTHING : { problem: 'it is not a valid type of service' };
};

function isDomain(name: string): boolean {
  return /^[a-z\d][\w.-]*$/i.test(name) && !name.includes('..');
}

const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['addkeystoagent', addKeysToAgent],
  ['canonicaldomains', several(['none'], isDomain)],
  ['canonicalizepermittedcnames', several(['none'], (text) => text === '*' || /:./s.test(text))],
  ['channeltimeout', several(['none'], anyText)],
  ['controlpersist', valid((text) => /^(yes|no|true|false)$/.test(text) || readSeconds(text) !== undefined)],
  ['dynamicforward', forward(true, false)],
  [
    'escapechar',
    valid((text) => text === 'none' || Buffer.byteLength(text) === 1 || /^\^[@-\x7f]$/.test(text)),
  ],
  ['fingerprinthash', valid((text) => /^(md5|sha1|sha256|sha384|sha512)$/i.test(text))],
  ['forwardagent', forwardAgent],
  ['globalknownhostsfile', several(['none'], anyText)],
  ['hostkeyalias', one((text) => text.toLowerCase())],
  ['identityagent', agentPath],
  ['ipqos', ipQos],
  ['localforward', forward(false, false)],
  ['loglevel', valid((text) => /^(quiet|fatal|error|info|verbose|debug[123]?)$/i.test(text))],
  ['logverbose', several(['none'], anyText)],
  ['obscurekeystroketiming', valid((text) => /^(yes|no|true|false|interval:\d+)$/i.test(text))],
  ['permitremoteopen', permitRemoteOpen],
  ['port', port],
  ['rekeylimit', rekeyLimit],
  ['remoteforward', forward(false, true)],
  ['sendenv', several([], (text) => !text.includes('='))],
  ['setenv', setEnv],
  ['streamlocalbindmask', valid((text) => /^[ \t]*\+?0*[0-7]{1,3}(?![0-7])/.test(text))],
  ['syslogfacility', valid((text) => /^(daemon|user|auth|authpriv|local[0-7])$/i.test(text))],
  ['tunneldevice', valid((text) => text.split(':').length <= 2 && text.split(':').every(isTunnelDevice))],
  ['userknownhostsfile', several(['none'], anyText)],
  ...['connecttimeout', 'forwardx11timeout', 'serveraliveinterval'].map((name) => [name, time] as const),
  ...[
    'canonicalizemaxdots',
    'connectionattempts',
    'numberofpasswordprompts',
    'requiredrsasize',
    'serveralivecountmax',
  ].map((name) => [name, integer] as const),
]);

function isTunnelDevice(text: string): boolean {
  return text.toLowerCase() === 'any' || readInteger(text, 2 ** 31 - 3) !== undefined;
}

/** Parses the arguments of a keyword as OpenSSH 9 does. */
export function readValues(keyword: string, args: readonly string[], context: ReadingContext): Reading {
  const reader = READERS.get(keyword);
  if (reader) return reader(args, context);
  if (isMultistate(keyword)) return one((text) => readMultistate(keyword, text))(args, context);
  if (isAlgorithmList(keyword))
    return one((text) => (isListOf(keyword, text) ? text : undefined))(args, context);
  return string(args, context);
}

/** A text with its `${VARIABLES}` expanded; undefined when one is unset, or a brace is missing. */
function expandVariables(text: string, variables: ReadingContext['variables']): string | undefined {
  let isComplete = true;
  const expanded = text.replace(/\$\{([^}]*)(\}?)/gs, (_, name: string, end: string) => {
    const value = variables[name];
    if (value === undefined || name === '' || end === '') isComplete = false;
    return value ?? '';
  });
  return isComplete ? expanded : undefined;
}
