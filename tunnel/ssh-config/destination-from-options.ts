import type { Log } from '../../base/log.js';
import { algorithmsOf, onlyOpenSsh } from './config-needs-openssh.js';
import type { SshEnvironment } from './environment.js';
import { type EffectiveOptions, type HostOptions, isOn, isSet, singleValue } from './host-options.js';
import type {
  AddKeysToAgent,
  AuthMethod,
  ResolvedDestination,
  StrictHostKeyChecking,
} from './resolved-destination.js';
import {
  connectionTokens,
  expandFile,
  expandTokens,
  fileTokens,
  type TokenSubject,
} from './values/expand-tokens.js';

/** Debian's default in batch mode, which nobody asked for. */
const DEBIAN_BATCH_INTERVAL = '300';

const AUTH_KEYWORDS: readonly (readonly [AuthMethod, string])[] = [
  ['publickey', 'pubkeyauthentication'],
  ['keyboard-interactive', 'kbdinteractiveauthentication'],
  ['password', 'passwordauthentication'],
];

/** What the options of a host say about connecting to it, except for its hops. */
export function destinationOf(
  alias: string,
  effective: EffectiveOptions,
  { sshEnvironment, log }: { readonly sshEnvironment: SshEnvironment; readonly log?: Log | undefined },
): Omit<ResolvedDestination, 'jumps'> {
  const { options } = effective;
  const subject = subjectOf(alias, options);
  const { host, port, user, hostKeyAlias } = subject;
  const files = (keyword: string) => expandedFiles(options.get(keyword) ?? [], subject, sshEnvironment);
  const agentSocket = agentSocketOf(options, subject, sshEnvironment);
  const areDefaults = !isSet(effective, 'identityfile');
  const identityFiles = files('identityfile');
  const authMethods = authMethodsOf(options);
  const family = singleValue(options, 'addressfamily');
  return {
    alias,
    host,
    port,
    user,
    hostKeyAlias,
    strictHostKeyChecking: strictnessOf(options, subject, log),
    knownHostsFiles: knownHostsFilesOf(effective, sshEnvironment),
    hashKnownHosts: isOn(options, 'hashknownhosts'),
    storesHostKeys: knownHostsFiles(effective, 'userknownhostsfile', sshEnvironment).length > 0,
    identityFiles: areDefaults ? [] : identityFiles,
    requiredIdentityFiles: [],
    defaultIdentityFiles: areDefaults ? identityFiles : [],
    identitiesOnly: isOn(options, 'identitiesonly'),
    agentSocket,
    addKeysToAgent: addKeysOf(options),
    certificateFiles: files('certificatefile'),
    authMethods,
    addressFamily: family === 'inet' ? 4 : family === 'inet6' ? 6 : undefined,
    ...timesOf(effective),
    ...algorithmsOf(effective),
    batchMode: isOn(options, 'batchmode'),
    needsOpenSsh: onlyOpenSsh(effective, authMethods),
  };
}

/** The ProxyCommand of a host, ready to run. */
export function proxyCommandOf(alias: string, options: HostOptions): string | undefined {
  const command = singleValue(options, 'proxycommand');
  return command === undefined ? undefined : expandForConnection(command, alias, options);
}

/** The ProxyJump of a host: comma-separated hops, the outermost first. */
export function proxyJumpOf(alias: string, options: HostOptions): string | undefined {
  const hops = singleValue(options, 'proxyjump');
  return hops === undefined ? undefined : expandForConnection(hops, alias, options);
}

function expandForConnection(text: string, alias: string, options: HostOptions): string {
  return expandTokens(text, connectionTokens(subjectOf(alias, options)), alias);
}

function subjectOf(alias: string, options: HostOptions): TokenSubject {
  return {
    alias,
    // A host may be called "none".
    host: options.get('hostname')?.[0] ?? alias,
    port: Number(singleValue(options, 'port') ?? 22),
    user: options.get('user')?.[0] ?? '',
    hostKeyAlias: singleValue(options, 'hostkeyalias'),
  };
}

function strictnessOf(
  options: HostOptions,
  { host }: TokenSubject,
  log: Log | undefined,
): StrictHostKeyChecking {
  if (isOn(options, 'nohostauthenticationforlocalhost')) {
    log?.(
      'warn',
      `NoHostAuthenticationForLocalhost is set for ${host}, but its host key is verified all the same.`,
    );
  }
  const value = singleValue(options, 'stricthostkeychecking');
  switch (value) {
    case 'yes':
    case 'true':
      return 'yes';
    case 'accept-new':
      return value;
    case 'no':
    case 'off':
    case 'false':
      log?.(
        'warn',
        `StrictHostKeyChecking is off for ${host}: a new host key is accepted, a changed one is not.`,
      );
      return 'accept-new';
    default:
      return 'ask';
  }
}

function knownHostsFilesOf(effective: EffectiveOptions, sshEnvironment: SshEnvironment): string[] {
  const persons = knownHostsFiles(effective, 'userknownhostsfile', sshEnvironment);
  // New keys go to the first file, which must never be the system's.
  const first = persons.length > 0 ? persons : ['/dev/null'];
  return [...first, ...knownHostsFiles(effective, 'globalknownhostsfile', sshEnvironment)];
}

/** `ssh -G` has already expanded `~` here, to the passwd entry's home. */
function knownHostsFiles(
  { options, defaults }: EffectiveOptions,
  keyword: string,
  { home, passwdHome }: SshEnvironment,
): string[] {
  const value = options.get(keyword)?.[0] ?? defaults.get(keyword)?.[0] ?? '';
  return splitFiles(value)
    .filter((file) => file !== 'none')
    .map((file) =>
      passwdHome !== undefined && file.startsWith(`${passwdHome}/.ssh/`)
        ? `${home}${file.slice(passwdHome.length)}`
        : file,
    );
}

/** `ssh -G` does not quote: what does not start like a path belongs to the path before. */
function splitFiles(text: string): string[] {
  return text
    .split(/ (?=[/~]|none$)/)
    .map((file) => file.trim())
    .filter((file) => file !== '');
}

function expandedFiles(
  names: readonly string[],
  subject: TokenSubject,
  sshEnvironment: SshEnvironment,
): string[] {
  const tokens = fileTokens(subject, sshEnvironment);
  return names
    .filter((name) => name.toLowerCase() !== 'none')
    .flatMap((name) => expandFile(name, tokens, sshEnvironment, subject.alias) ?? []);
}

function agentSocketOf(
  options: HostOptions,
  subject: TokenSubject,
  sshEnvironment: SshEnvironment,
): string | undefined {
  const { variables } = sshEnvironment;
  const said = options.get('identityagent')?.[0];
  if (said?.toLowerCase() === 'none') return undefined;
  if (said === undefined || said === '' || said === 'SSH_AUTH_SOCK')
    return variables['SSH_AUTH_SOCK'] || undefined;
  if (/^\$\w+$/.test(said)) return variables[said.slice(1)] || undefined;
  // An absolute path has been expanded already.
  if (said.startsWith('/')) return said;
  return expandFile(said, fileTokens(subject, sshEnvironment), sshEnvironment, subject.alias);
}

/** `ssh -G` prints `true`, `ask`, `confirm`, seconds, or `confirm` with seconds. */
function addKeysOf(options: HostOptions): AddKeysToAgent | undefined {
  const said = options.get('addkeystoagent')?.[0] ?? 'false';
  const [, word = '', seconds] = /^([a-z]*) ?(\d+)?$/i.exec(said) ?? [];
  if (seconds === undefined && ['', 'no', 'false'].includes(word)) return undefined;
  const lifetime = seconds === undefined ? {} : { lifetimeSeconds: Number(seconds) };
  return { ask: word === 'ask', confirm: word === 'confirm', ...lifetime };
}

function authMethodsOf(options: HostOptions): AuthMethod[] {
  const allowed = AUTH_KEYWORDS.filter(([, keyword]) => !isOff(options, keyword)).map(([method]) => method);
  const preferred = singleValue(options, 'preferredauthentications')?.split(',');
  if (preferred === undefined) return allowed;
  return preferred.flatMap((name) => allowed.find((method) => method === name) ?? []);
}

function timesOf(
  effective: EffectiveOptions,
): Pick<ResolvedDestination, 'connectTimeoutMs' | 'keepaliveIntervalMs' | 'keepaliveCountMax'> {
  const { options } = effective;
  const timeout = Number(singleValue(options, 'connecttimeout') ?? 0);
  const intervalText = singleValue(options, 'serveraliveinterval') ?? '0';
  const isDebians = intervalText === DEBIAN_BATCH_INTERVAL && isOn(options, 'batchmode');
  const interval = isDebians ? 0 : Number(intervalText);
  return {
    connectTimeoutMs: timeout > 0 ? timeout * 1_000 : undefined,
    keepaliveIntervalMs: interval > 0 ? interval * 1_000 : undefined,
    keepaliveCountMax: isSet(effective, 'serveralivecountmax')
      ? Number(singleValue(options, 'serveralivecountmax'))
      : undefined,
  };
}

function isOff(options: HostOptions, keyword: string): boolean {
  return ['no', 'false'].includes(singleValue(options, keyword) ?? '');
}
