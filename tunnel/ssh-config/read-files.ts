import { readFile, stat } from 'node:fs/promises';
import { isIP } from 'node:net';
import { TunnelError } from '../errors.js';
import { evaluate, type Found } from './evaluate.js';
import { expandInclude, includeFolder } from './include.js';
import { type ConfigLine, readLines } from './lines.js';
import type { AskedOptions, HostOptions, HostQuery } from './options.js';
import type { Surroundings } from './surroundings.js';
import { expandFile, expandTokens, fileTokens } from './tokens.js';
import { DEFAULT_LISTS } from './values.js';

const SYSTEM_FILE = '/etc/ssh/ssh_config';
const WRITABLE_BY_OTHERS = 0o022;

const DEFAULT_IDENTITIES = [
  'id_rsa',
  'id_ecdsa',
  'id_ecdsa_sk',
  'id_ed25519',
  'id_ed25519_sk',
  'id_xmss',
  'id_dsa',
];

/**
 * Reads what ssh_config means for a host where there is no `ssh` program to ask.
 * @throws TunnelError `bad-destination` for files that OpenSSH would refuse, and for what only its program can tell
 */
export async function readFiles(query: HostQuery, surroundings: Surroundings): Promise<AskedOptions> {
  const load = (file: string, from: ConfigLine | undefined) => loadIncluded(file, from, surroundings);
  const files = await rootFiles(surroundings);
  const first = await evaluate(files, { query, surroundings, load });
  const canonicalize = first.options.get('canonicalizehostname')?.[0]?.toLowerCase() ?? 'no';
  if (!['no', 'false'].includes(canonicalize)) {
    throw problemIn('ssh_config', 'CanonicalizeHostname needs the ssh program, which is not installed');
  }
  const hostname = hostnameOf(query, first);
  const found = first.wantsFinalPass
    ? await evaluate(files, { query, surroundings, load, before: { hostname, found: first } })
    : first;
  const defaults = defaultsOf(query, surroundings);
  const options = new Map([...defaults, ...found.options]);
  options.set('hostname', [hostname]);
  return { options: expanded(options, query, surroundings), defaults };
}

async function rootFiles({ configFile, home }: Surroundings): Promise<ConfigLine[][]> {
  if (configFile?.toLowerCase() === 'none') return [];
  if (configFile !== undefined) {
    const lines = await readOptional(configFile);
    if (lines !== undefined) return [lines];
    throw problemIn(configFile, 'it cannot be read');
  }
  const person = `${home}/.ssh/config`;
  await checkOwner(person);
  const files = await Promise.all([readOptional(person), readOptional(SYSTEM_FILE)]);
  return files.map((lines) => lines ?? []);
}

/** The statements of the files that an Include names. */
async function loadIncluded(
  pattern: string,
  from: ConfigLine | undefined,
  { home }: Surroundings,
): Promise<ConfigLine[][]> {
  const start = includeFolder(from?.file ?? '', { home, systemFile: SYSTEM_FILE });
  const fromHome = pattern.startsWith('~/') ? `${home}${pattern.slice(1)}` : pattern;
  const files = await expandInclude(fromHome.startsWith('/') ? fromHome : `${start}/${fromHome}`);
  return Promise.all(files.map(async (file) => (await readOptional(file)) ?? []));
}

async function readOptional(file: string): Promise<ConfigLine[] | undefined> {
  try {
    return readLines(await readFile(file, 'utf8'), file);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw problemIn(file, `it cannot be read (${code})`, error);
  }
}

/** OpenSSH takes no orders from a file that another user could have written. */
async function checkOwner(file: string): Promise<void> {
  try {
    const { uid, mode } = await stat(file);
    const isOurs = uid === 0 || uid === process.getuid?.();
    if (!isOurs || (mode & WRITABLE_BY_OTHERS) !== 0) {
      throw problemIn(file, 'others than its owner can write it; run "chmod go-w" on it');
    }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
}

function hostnameOf({ host }: HostQuery, { options }: Found): string {
  const named = expandTokens(options.get('hostname')?.[0] ?? '%h', { h: host }, host);
  return isIP(named) === 0 ? named.toLowerCase() : named;
}

function defaultsOf({ host, user, port }: HostQuery, { home, localUser }: Surroundings): HostOptions {
  return new Map([
    ...[...DEFAULT_LISTS].map(([keyword, names]): [string, string[]] => [keyword, [names]]),
    ['host', [host]],
    ['user', [user ?? localUser]],
    ['port', [String(port ?? 22)]],
    ['userknownhostsfile', [`${home}/.ssh/known_hosts ${home}/.ssh/known_hosts2`]],
    ['globalknownhostsfile', ['/etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2']],
    ['identityfile', DEFAULT_IDENTITIES.map((name) => `~/.ssh/${name}`)],
    ['serveraliveinterval', ['0']],
    ['serveralivecountmax', ['3']],
    ['hostbasedauthentication', ['no']],
    ['verifyhostkeydns', ['no']],
  ]);
}

/** `ssh -G` prints these expanded. */
function expanded(
  options: ReadonlyMap<string, readonly string[]>,
  { host: alias }: HostQuery,
  surroundings: Surroundings,
): HostOptions {
  const tokens = fileTokens(
    {
      alias,
      host: options.get('hostname')?.[0] ?? alias,
      port: Number(options.get('port')?.[0]),
      user: options.get('user')?.[0] ?? '',
      hostKeyAlias: options.get('hostkeyalias')?.[0],
    },
    surroundings,
  );
  const result = new Map(options);
  const knownHosts = options.get('userknownhostsfile')?.[0]?.split(/ (?=[/~]|none$)/) ?? [];
  const files = knownHosts.map((file) => {
    const found = expandFile(file, tokens, surroundings, alias);
    // It could be the one that revokes a key.
    if (found === undefined) throw problemIn(file, 'a variable in this name is not set');
    return found;
  });
  result.set('userknownhostsfile', [files.join(' ')]);
  const agent = options.get('identityagent')?.[0];
  if (agent?.startsWith('/') || agent?.startsWith('~')) {
    const socket = expandFile(agent, tokens, surroundings, alias);
    if (socket !== undefined) result.set('identityagent', [socket]);
  }
  return result;
}

function problemIn(file: string, problem: string, cause?: unknown): TunnelError {
  const message = `Cannot follow ${file}: ${problem}.`;
  return new TunnelError('bad-destination', file, message, { file, ...(cause !== undefined && { cause }) });
}
