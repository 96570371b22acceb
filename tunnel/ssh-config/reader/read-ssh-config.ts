import { stat } from 'node:fs/promises';
import type { Log } from '../../../base/log.js';
import { readWithoutBlocking, UnreadableFile } from '../../files/read-without-blocking.js';
import { errorCode, isMissing } from '../../files/system-error-code.js';
import { configFileError, configLineError } from '../config-errors.js';
import type { SshEnvironment } from '../environment.js';
import type { EffectiveOptions, HostQuery } from '../host-options.js';
import { expandTilde } from '../values/expand-tilde.js';
import { expandTokens } from '../values/expand-tokens.js';
import { readServices } from '../values/read-services.js';
import { applyDefaults } from './apply-defaults.js';
import { canonicalizeHostname } from './canonicalize-hostname.js';
import { type EvaluateOptions, evaluateFiles, type Found } from './evaluate-files.js';
import { expandInclude, includeFolder } from './expand-include.js';
import { normalizeHost } from './normalize-host.js';
import { type ConfigLine, splitConfigLines } from './split-config-lines.js';

export const SYSTEM_FILE = '/etc/ssh/ssh_config';
const WRITABLE_BY_OTHERS = 0o022;
const MAX_BYTES = 16 * 1024 * 1024;

/** Ignored lines that were warned about, once for each place. */
const warned = new Set<string>();

/**
 * Reads what ssh_config means for a host when there is no `ssh` program to ask.
 * @throws TunnelError `bad-destination` for files that OpenSSH would reject, and for what only its program can tell
 */
export async function readSshConfig(
  query: HostQuery,
  sshEnvironment: SshEnvironment,
  log?: Log,
): Promise<EffectiveOptions> {
  const load = (file: string, from: ConfigLine) => loadIncluded(file, from, sshEnvironment);
  const files = await rootFiles(sshEnvironment);
  const onGone = (line: ConfigLine) => warnOnce(line, log);
  const portOf = await readServices();
  const reading: EvaluateOptions = { query, sshEnvironment, load, onGone, portOf };
  const first = await evaluateFiles(files, reading);
  const named = normalizeHost(expandedName(query, first), first.options.get('addressfamily')?.[0]);
  const { hostname, isCanonical } = await canonicalizeHostname(named, first.options);
  const found =
    first.wantsFinalPass || isCanonical
      ? await evaluateFiles(files, { ...reading, before: { hostname, found: first } })
      : first;
  return applyDefaults(new Map([...found.options, ['hostname', [hostname]]]), query, {
    sshEnvironment,
    portOf,
  });
}

function warnOnce({ file, line, keyword }: ConfigLine, log: Log | undefined): void {
  const place = `${file} line ${line}`;
  if (log === undefined || warned.has(place)) return;
  warned.add(place);
  log('warn', `${place}: OpenSSH no longer has the option "${keyword}"; it is ignored.`);
}

function expandedName({ host }: HostQuery, { options }: Found): string {
  return expandTokens(options.get('hostname')?.[0] ?? host.replaceAll('%', '%%'), { h: host }, host);
}

async function rootFiles({ configFile, home }: SshEnvironment): Promise<ConfigLine[][]> {
  if (configFile?.toLowerCase() === 'none') return [];
  if (configFile !== undefined) {
    const lines = await readOptional(configFile);
    if (lines !== undefined) return [lines];
    throw configFileError(configFile, 'it cannot be read');
  }
  return Promise.all([readPersonsFile({ home }), readOptional(SYSTEM_FILE).then((lines) => lines ?? [])]);
}

/** The statements of `~/.ssh/config`. @throws TunnelError `bad-destination` for a file that OpenSSH would reject */
export async function readPersonsFile({ home }: Pick<SshEnvironment, 'home'>): Promise<ConfigLine[]> {
  const person = `${home}/.ssh/config`;
  await checkOwner(person);
  return (await readOptional(person)) ?? [];
}

/** The statements of the files that an Include names. */
export async function loadIncluded(
  pattern: string,
  from: ConfigLine,
  sshEnvironment: SshEnvironment,
): Promise<ConfigLine[][]> {
  const files = await includedFiles(pattern, from, sshEnvironment);
  return Promise.all(
    files.map(async (file) => {
      await checkOwner(file);
      return (await readOptional(file)) ?? [];
    }),
  );
}

/** The paths that an Include names. */
export async function includedFiles(
  pattern: string,
  from: ConfigLine,
  { home }: Pick<SshEnvironment, 'home'>,
): Promise<string[]> {
  const isSystems = from.file === SYSTEM_FILE;
  if (isSystems && pattern.startsWith('~'))
    throw configLineError(from, `"${pattern}" is not a valid path here`);
  const start = includeFolder(from.file, { home, systemFile: SYSTEM_FILE });
  const path = expandTilde(pattern, home) ?? pattern;
  return expandInclude(/^[/~]/.test(path) ? path : `${start}/${path}`);
}

/** The statements of a file; undefined if there is none. @throws TunnelError `bad-destination` for one that cannot be read */
export async function readOptional(file: string): Promise<ConfigLine[] | undefined> {
  try {
    // Like OpenSSH, treat each byte as a character.
    const { content } = await readWithoutBlocking(file, { maxBytes: MAX_BYTES });
    return splitConfigLines(content.toString('utf8'), file);
  } catch (error) {
    if (isMissing(error)) return undefined;
    const code = errorCode(error);
    // A directory opens like a file and counts as empty.
    if (code === 'EISDIR') return [];
    const problem = error instanceof UnreadableFile ? error.message : `it cannot be read (${code})`;
    throw configFileError(file, problem, error);
  }
}

/** OpenSSH rejects a file that another user could have written. */
async function checkOwner(file: string): Promise<void> {
  try {
    const { uid, mode } = await stat(file);
    const isOurs = uid === 0 || uid === process.getuid?.();
    if (!isOurs || (mode & WRITABLE_BY_OTHERS) !== 0) {
      throw configFileError(file, 'users other than its owner can write to it; run "chmod go-w" on it');
    }
  } catch (error) {
    // A missing file is handled later.
    if (!isMissing(error)) throw error;
  }
}
