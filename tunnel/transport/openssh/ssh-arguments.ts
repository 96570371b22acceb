import { join } from 'node:path';
import { shellWord } from '../../exec/shell-command.js';
import { canStoreHostKey } from '../../host-key/decide-host-key.js';
import type { ResolvedDestination } from '../../ssh-config/resolved-destination.js';
import { LOG_ACCEPTED_KEYS } from './accepted-keys.js';

/**
 * Where `ssh` finds the host's keys: in the known_hosts files, with more revocations in a generated file, or only in a
 * generated file with the pinned key.
 */
export type HostKeySource =
  | { readonly kind: 'known-hosts'; readonly file?: string }
  | { readonly kind: 'file'; readonly name: string; readonly file: string }
  | { readonly kind: 'command'; readonly name: string; readonly file: string; readonly command: string };

export interface MasterOptions {
  /** A private directory, for the control socket and the logs of jump hosts. */
  readonly folder: string;
  /** One for each jump, the outermost first, then the destination's own. */
  readonly hostKeySources: readonly HostKeySource[];
  /** Askpass programs, in the same order; a host without one asks nothing. */
  readonly askPrograms?: readonly (string | undefined)[];
  readonly keepaliveIntervalMs: number;
  readonly keepaliveCountMax: number;
  /** Default `ERROR`, at which failures are reported; banners come at `INFO`. */
  readonly logLevel?: 'ERROR' | 'INFO' | undefined;
}

/** Seconds that `ssh` outlives its last client; it exits by itself even when this process is killed. */
const LINGER_SECONDS = 5;

/**
 * The arguments that make `ssh` log in, open a control socket and go to the background; exit status 0 means that the
 * socket is there.
 */
export function masterArguments(destination: ResolvedDestination, options: MasterOptions): string[] {
  return [
    ...configArguments(destination),
    '-M',
    '-N',
    '-T',
    ...['-S', controlPathIn(options.folder)],
    ...optionArguments([
      ['ControlPersist', LINGER_SECONDS],
      ['ClearAllForwardings', 'yes'],
      ['PermitLocalCommand', 'no'],
      ['RemoteCommand', 'none'],
      ['ForwardAgent', 'no'],
      ['ForwardX11', 'no'],
      ['Tunnel', 'no'],
    ]),
    ...connectionArguments(destination, options),
    '--',
    destination.alias,
  ];
}

export function controlPathIn(folder: string): string {
  return join(folder, 'c');
}

/** Where the `ssh` to a jump host writes why it failed; 0 is the outermost. */
export function jumpLogFile(folder: string, index: number): string {
  return join(folder, `jump${index}.log`);
}

/** The options of every host on the route; they win over any ssh_config file. */
function connectionArguments(destination: ResolvedDestination, options: MasterOptions): string[] {
  const { user, host, port, agentSocket } = destination;
  const identityFiles = [...destination.identityFiles, ...destination.defaultIdentityFiles];
  return optionArguments([
    // ssh has checked the configuration already; an older ssh may lack some of these options.
    ['IgnoreUnknown', '*'],
    ['BatchMode', options.askPrograms?.at(-1) === undefined ? 'yes' : 'no'],
    ['LogLevel', options.logLevel ?? 'ERROR'],
    // Why a connection ended during login; OpenSSH 8.5 and later say so at any level.
    ['LogVerbose', `*:sshpkt_vfatal():*,${LOG_ACCEPTED_KEYS}`],
    ['HostName', literal(host)],
    ['User', word(user)],
    ['Port', port],
    ['IdentitiesOnly', destination.identitiesOnly ? 'yes' : 'no'],
    ['IdentityAgent', agentSocket === undefined ? 'none' : file(agentSocket)],
    ...(identityFiles.length > 0 ? identityFiles.map(file) : ['none']).map(
      (value): Option => ['IdentityFile', value],
    ),
    ...destination.certificateFiles.map((path): Option => ['CertificateFile', file(path)]),
    ...CHECK_ALWAYS,
    ...hostKeyOptions(destination, options.hostKeySources.at(-1)),
    ['ServerAliveInterval', Math.max(1, Math.ceil(options.keepaliveIntervalMs / 1_000))],
    // Our keepalive decides, and knows why; this one is for an ssh whose client is gone.
    ['ServerAliveCountMax', options.keepaliveCountMax + 2],
    ...(destination.sshConfig === 'none'
      ? [...algorithmOptions(destination), ...loginOptions(destination)]
      : []),
    ...(destination.addressFamily === undefined
      ? []
      : [['AddressFamily', destination.addressFamily === 6 ? 'inet6' : 'inet'] as const]),
    ...routeOptions(destination, options),
  ]);
}

type Option = readonly [name: string, value: string | number];

/** Options with which ssh_config could accept a host with another key or none, or store new keys. */
const CHECK_ALWAYS: readonly Option[] = [
  ['NoHostAuthenticationForLocalhost', 'no'],
  ['VerifyHostKeyDNS', 'no'],
  // A host that Kerberos vouches for presents no key.
  ['GSSAPIKeyExchange', 'no'],
  ['CheckHostIP', 'no'],
  ['UpdateHostKeys', 'no'],
  // In questions, errors and pins.
  ['FingerprintHash', 'sha256'],
];

function hostKeyOptions(destination: ResolvedDestination, source: HostKeySource | undefined): Option[] {
  if (source === undefined || source.kind === 'known-hosts') {
    const strictness = canStoreHostKey(destination) ? destination.strictHostKeyChecking : 'yes';
    return [
      ['StrictHostKeyChecking', strictness],
      ['UserKnownHostsFile', files(destination.knownHostsFiles)],
      ['GlobalKnownHostsFile', source?.file === undefined ? 'none' : file(source.file)],
      ['HashKnownHosts', destination.hashKnownHosts ? 'yes' : 'no'],
      ...(destination.hostKeyAlias === undefined
        ? []
        : [['HostKeyAlias', destination.hostKeyAlias] as const]),
    ];
  }
  return [
    ['StrictHostKeyChecking', 'yes'],
    ['UserKnownHostsFile', file(source.file)],
    ['GlobalKnownHostsFile', 'none'],
    ['HostKeyAlias', source.name],
    ['KnownHostsCommand', source.kind === 'command' ? source.command : 'none'],
  ];
}

/** Where `ssh` reads a configuration itself, it knows the whole lists; these hold only what ssh2 supports. */
function algorithmOptions({
  ciphers,
  kexAlgorithms,
  hostKeyAlgorithms,
  macs,
}: ResolvedDestination): Option[] {
  const lists = [
    ['Ciphers', ciphers],
    ['KexAlgorithms', kexAlgorithms],
    ['HostKeyAlgorithms', hostKeyAlgorithms],
    ['MACs', macs],
  ] as const;
  return lists.flatMap(([name, names]) => (names ? [[name, names.join(',')] as const] : []));
}

function loginOptions({ authMethods }: ResolvedDestination): Option[] {
  return authMethods.length > 0 ? [['PreferredAuthentications', authMethods.join(',')]] : [];
}

/** Jump hosts become explicit commands, because `ssh` does not pass its options on to them. */
function routeOptions({ jumps, proxyCommand }: ResolvedDestination, options: MasterOptions): Option[] {
  const outer = jumps.slice(0, -1);
  const last = jumps.at(-1);
  if (!last) return [['ProxyCommand', proxyCommand === undefined ? 'none' : literal(proxyCommand)]];
  const hop = { ...last, jumps: outer };
  const askPrograms = options.askPrograms?.slice(0, -1) ?? [];
  const command = [
    ...environmentWords(askPrograms.at(-1)),
    'ssh',
    ...configArguments(hop),
    '-T',
    ...['-E', jumpLogFile(options.folder, outer.length)],
    ...optionArguments([
      ['ControlMaster', 'no'],
      ['ControlPath', 'none'],
      ['ClearAllForwardings', 'yes'],
      ['PermitLocalCommand', 'no'],
      ['RemoteCommand', 'none'],
    ]),
    ...connectionArguments(hop, {
      ...options,
      hostKeySources: options.hostKeySources.slice(0, -1),
      askPrograms,
    }),
  ].map((word) => shellWord(literal(word)));
  return [
    ['ProxyUseFdpass', 'no'],
    ['ProxyCommand', [...command, '-W', '[%h]:%p', '--', shellWord(literal(hop.alias))].join(' ')],
  ];
}

function environmentWords(askProgram: string | undefined): string[] {
  const variables = Object.entries(askEnvironment(askProgram));
  return variables.length > 0 ? ['env', ...variables.map(([name, value]) => `${name}=${value}`)] : [];
}

/** The variables that make `ssh` ask through a program. */
export function askEnvironment(askProgram: string | undefined): Record<string, string> {
  return askProgram === undefined ? {} : { SSH_ASKPASS: askProgram, SSH_ASKPASS_REQUIRE: 'force' };
}

function configArguments({ sshConfig }: ResolvedDestination): string[] {
  return sshConfig === undefined ? [] : ['-F', sshConfig];
}

function optionArguments(options: readonly Option[]): string[] {
  return options.flatMap(([name, value]) => ['-o', `${name}=${value}`]);
}

/** Paths as a value in ssh_config(5): quoted, with tokens escaped. */
function files(paths: readonly string[]): string {
  return paths.length > 0 ? paths.map(file).join(' ') : 'none';
}

function file(path: string): string {
  return word(literal(path));
}

/** A text quoted as one argument in ssh_config(5). */
function word(text: string): string {
  return /[\s"'\\#]/.test(text) ? `"${text.replace(/["\\]/g, '\\$&')}"` : text;
}

/** Escapes tokens (`%h`) for `ssh`. */
function literal(text: string): string {
  return text.replaceAll('%', '%%');
}
