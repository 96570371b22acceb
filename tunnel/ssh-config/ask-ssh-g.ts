import { execFile } from 'node:child_process';
import { access, stat } from 'node:fs/promises';
import { TunnelError } from '../errors.js';
import { isMissing } from '../files/system-error-code.js';
import { formatSeconds } from '../format-for-message.js';
import { configFileError } from './config-errors.js';
import type { SshEnvironment } from './environment.js';
import {
  type EffectiveOptions,
  type HostOptions,
  type HostQuery,
  mergeOptions,
  parseOptions,
} from './host-options.js';

/** OpenSSH's defaults, by the environment that it runs in. */
const defaultsByEnvironment = new WeakMap<SshEnvironment['variables'], Promise<HostOptions | undefined>>();

const READING_MS = 30_000;

const SYSTEM_CONFIG_FILE = '/etc/ssh/ssh_config';

/** Lines of OpenSSH that explain nothing. */
const NOISE = /^(Pseudo-terminal will not be allocated.*|.*terminating, \d+ bad configuration options)$/;

/**
 * Asks the installed OpenSSH what ssh_config means for a host.
 * @returns undefined when there is no `ssh` program
 * @throws TunnelError `bad-destination` with what OpenSSH finds wrong
 */
export async function askSshG(
  query: HostQuery,
  sshEnvironment: SshEnvironment,
): Promise<EffectiveOptions | undefined> {
  const { configFile, home, passwdHome } = sshEnvironment;
  if (passwdHome === undefined) return undefined;
  await refusePipe(configFile ?? `${home}/.ssh/config`);
  if (configFile !== undefined) return ask(['-F', configFile], query, sshEnvironment);
  if (home === passwdHome) return ask([], query, sshEnvironment);
  // ssh looks only in the passwd entry's home, and with -F it does not read the system's file.
  const files = await Promise.all([readable(`${home}/.ssh/config`), readable(SYSTEM_CONFIG_FILE)]);
  const [person, system] = await Promise.all(files.map((file) => ask(['-F', file], query, sshEnvironment)));
  return person && system && mergeOptions(person, system);
}

async function ask(
  fileArguments: readonly string[],
  query: HostQuery,
  sshEnvironment: SshEnvironment,
): Promise<EffectiveOptions | undefined> {
  const [defaults, options] = await Promise.all([
    defaultsFor(sshEnvironment),
    runSsh(fileArguments, query, sshEnvironment),
  ]);
  return defaults && options && { defaults, options };
}

function defaultsFor({ variables, ...sshEnvironment }: SshEnvironment): Promise<HostOptions | undefined> {
  const known = defaultsByEnvironment.get(variables);
  if (known !== undefined) return known;
  const { signal: _, ...forEverybody } = sshEnvironment;
  const defaults = runSsh(['-F', 'none'], { host: 'localhost' }, { ...forEverybody, variables });
  defaultsByEnvironment.set(variables, defaults);
  return defaults;
}

/** The file that `ssh` should read when it connects; undefined for its defaults. */
export async function fileForSsh({
  configFile,
  home,
  passwdHome,
}: SshEnvironment): Promise<string | undefined> {
  return configFile ?? (home === passwdHome ? undefined : readable(`${home}/.ssh/config`));
}

/** `ssh` would wait for a pipe's writer, and reads its files several times. */
async function refusePipe(file: string): Promise<void> {
  const stats = await stat(file).catch(() => undefined);
  if (stats?.isFIFO()) throw configFileError(file, 'it is a pipe, not a regular file');
}

async function readable(file: string): Promise<string> {
  try {
    await access(file);
    return file;
  } catch (error) {
    // A missing file counts as empty; ssh reports anything else.
    return isMissing(error) ? 'none' : file;
  }
}

async function runSsh(
  fileArguments: readonly string[],
  { host, user, port, through }: HostQuery,
  { variables, signal, timeoutMs = READING_MS }: SshEnvironment,
): Promise<HostOptions | undefined> {
  const wanted = [
    ...(port === undefined ? [] : ['-p', String(port)]),
    ...(user === undefined ? [] : ['-l', user]),
    ...(through === undefined ? [] : ['-J', through]),
  ];
  const args = ['-G', ...fileArguments, ...wanted, '--', host];
  return new Promise((resolve, reject) => {
    execFile('ssh', args, { env: variables, signal, timeout: timeoutMs }, (error, stdout, stderr) => {
      if (error === null) resolve(parseOptions(stdout));
      else if (signal?.aborted) reject(signal.reason);
      else if (error.code === 'ENOENT') resolve(undefined);
      else if (error.killed === true) reject(notInTime(host, timeoutMs, error));
      else reject(notUnderstood(host, stderr, error));
    });
  });
}

function notInTime(host: string, timeoutMs: number, cause: Error): TunnelError {
  const message = `ssh did not say within ${formatSeconds(timeoutMs)} how to connect to "${host}". Check that no file included by ssh_config is a pipe, and that its Match exec commands terminate.`;
  return new TunnelError('bad-destination', host, message, { cause });
}

function notUnderstood(host: string, stderr: string, cause: Error): TunnelError {
  const said = stderr
    .split(/\r?\n/)
    .filter((line) => line !== '' && !NOISE.test(line))
    .join('; ');
  const problem = said === '' ? cause.message : said;
  return new TunnelError(
    'bad-destination',
    host,
    `ssh cannot tell how to connect to "${host}": ${problem}.`,
    {
      cause,
    },
  );
}
