import { spawn } from 'node:child_process';
import { access, constants, readFile, stat } from 'node:fs/promises';
import { onAbort } from '../../../base/abort.js';
import { TunnelError } from '../../errors.js';
import { makePrivateFolder, removePrivateFolder } from '../../files/make-private-folder.js';
import { badIdentity } from '../../identity/read-identity-files.js';
import { formatDestination } from '../../parse-destination.js';
import type { ResolvedDestination } from '../../ssh-config/resolved-destination.js';
import { isMute } from '../liveness/liveness-probe.js';
import { quirksOf } from '../liveness/server-quirks.js';
import type { DialOptions, Transport } from '../transport.js';
import { lastAcceptedKey, withoutAcceptedKeys } from './accepted-keys.js';
import { Askpass } from './askpass/askpass.js';
import { connectToControlSocket, killProcess, type ProxiedConnection, terminate } from './control-socket.js';
import { OpenSshLink } from './openssh-link.js';
import { prepareHostKeySource } from './prepare-host-key-source.js';
import { askEnvironment, controlPathIn, jumpLogFile, masterArguments } from './ssh-arguments.js';
import { translateOpenSshFailure } from './translate-openssh-failure.js';

/** Enough for every message of `ssh`; more is dropped. */
const MAX_OUTPUT_CHARACTERS = 16_384;

/** How often `ssh` itself probes a server that answers nothing: practically never. */
const NEVER_MS = 86_400_000;

/**
 * Speaks SSH with the system's `ssh`, which connects, verifies the host and logs in by its own rules, so that everything it
 * supports works. Channels go through its control socket, without a process for each. Its questions reach the same person
 * as those of ssh2 (OpenSSH 8.4 or later).
 */
export const opensshTransport: Transport = {
  async dial(destination, options) {
    const { signal } = options;
    signal.throwIfAborted();
    const folder = makePrivateFolder(formatDestination(destination));
    const controlPath = controlPathIn(folder);
    try {
      checkPaths(destination);
      await checkIdentities(destination);
      await refusePipes(destination);
      const loginKey = await startMaster(destination, { ...options, folder });
      return new OpenSshLink(await connectToMaster(destination, controlPath, signal), {
        ...options,
        destination,
        loginKey,
        controlPath,
        folder,
      });
    } catch (error) {
      // The master may be running already: it must not outlive the attempt.
      await terminate(controlPath);
      removePrivateFolder(folder);
      signal.throwIfAborted();
      throw error;
    }
  },
};

/** `ssh` always expands `${…}` in a path; there is no escape. */
function checkPaths(destination: ResolvedDestination): void {
  for (const host of [...destination.jumps, destination]) {
    const { agentSocket = '', knownHostsFiles, identityFiles, defaultIdentityFiles, certificateFiles } = host;
    const paths = [
      agentSocket,
      ...knownHostsFiles,
      ...identityFiles,
      ...defaultIdentityFiles,
      ...certificateFiles,
    ];
    const path = paths.find((one) => one.includes('${'));
    if (path === undefined) continue;
    const name = formatDestination(host);
    const message = `Could not connect to ${name}: ssh would read a variable in the path ${path}. Rename the file.`;
    throw new TunnelError('bad-destination', name, message, { file: path });
  }
}

/** `ssh` would ignore a missing key file. */
async function checkIdentities(destination: ResolvedDestination): Promise<void> {
  for (const file of destination.requiredIdentityFiles) {
    try {
      await access(file, constants.R_OK);
    } catch (error) {
      throw badIdentity(formatDestination(destination), file, 'it cannot be read', error);
    }
  }
}

/** `ssh` would wait for a pipe's writer, without a time limit. */
async function refusePipes(destination: ResolvedDestination): Promise<void> {
  for (const host of [...destination.jumps, destination]) {
    const name = formatDestination(host);
    const identities = [...host.requiredIdentityFiles, ...host.identityFiles, ...host.defaultIdentityFiles];
    const beside = identities.flatMap((file) => [file, `${file}.pub`, `${file}-cert.pub`]);
    const identity = await firstPipe([...beside, ...host.certificateFiles]);
    if (identity !== undefined) throw badIdentity(name, identity, 'it is a pipe, not a regular file');
    const file = await firstPipe(host.knownHostsFiles);
    if (file === undefined) continue;
    const message = `Could not verify ${name}: ${file} is a pipe, which OpenSSH's ssh cannot read. Use a regular file.`;
    throw new TunnelError('host-key-unknown', name, message, { file });
  }
}

async function firstPipe(files: readonly string[]): Promise<string | undefined> {
  for (const file of files) {
    const stats = await stat(file).catch(() => undefined);
    if (stats?.isFIFO()) return file;
  }
  return undefined;
}

interface Master extends DialOptions {
  readonly folder: string;
}

/** Resolves when `ssh` is logged in and its control socket is there, with the fingerprint of the key that the host accepted. */
async function startMaster(destination: ResolvedDestination, options: Master): Promise<string | undefined> {
  const attempt = new AbortController();
  const unlisten = onAbort([options.signal], () => attempt.abort(options.signal.reason));
  try {
    return await logIn(destination, options, attempt);
  } finally {
    unlisten();
  }
}

async function logIn(
  destination: ResolvedDestination,
  { folder, keepaliveIntervalMs, keepaliveCountMax, questions, timeLimit, log }: Master,
  attempt: AbortController,
): Promise<string | undefined> {
  const { signal } = attempt;
  const onFailed = (reason: unknown) => attempt.abort(reason);
  const hosts = [...destination.jumps, destination];
  const hostKeySources = await Promise.all(
    hosts.map((host, index) => prepareHostKeySource(host, { folder, index, signal })),
  );
  await using askpass =
    questions && (await Askpass.open(hosts, { folder, questions, timeLimit, signal, onFailed, log }));
  const askPrograms = askpass?.programs ?? [];
  const settings = {
    folder,
    hostKeySources,
    askPrograms,
    keepaliveIntervalMs: isMute(quirksOf(destination)) ? NEVER_MS : keepaliveIntervalMs,
    keepaliveCountMax,
  };
  // At level ERROR `ssh` does not report that it has no algorithm in common with the host: then it has to fail again.
  for (const logLevel of ['ERROR', 'INFO'] as const) {
    const args = masterArguments(destination, { ...settings, logLevel });
    log?.('debug', `Running: ssh ${args.join(' ')}`);
    const { status, output } = await run(args, destination, {
      signal,
      environment: askEnvironment(askPrograms.at(-1)),
    });
    if (status === 0) {
      askpass?.succeeded();
      return lastAcceptedKey(output);
    }
    const said = await failedHost(destination, withoutAcceptedKeys(output), folder);
    if (said.output !== '' || logLevel === 'INFO') throw translateOpenSshFailure(said.by, said.output);
  }
  return undefined;
}

/** The host on the route that failed, and what its `ssh` said: jump hosts have logs. */
async function failedHost(
  destination: ResolvedDestination,
  output: string,
  folder: string,
): Promise<{ readonly by: ResolvedDestination; readonly output: string }> {
  for (const [index, jump] of destination.jumps.entries()) {
    const said = await readLog(jumpLogFile(folder, index));
    if (said !== '') return { by: jump, output: said };
  }
  // When a jump host fails, the last `ssh` sees only a lost connection.
  const isEcho = destination.jumps.length > 0 && /^kex_exchange_identification: /.test(output);
  return { by: destination, output: isEcho ? '' : output };
}

async function readLog(file: string): Promise<string> {
  try {
    return withoutAcceptedKeys(await readFile(file, 'utf8'));
  } catch {
    // It was never reached.
    return '';
  }
}

function run(
  args: readonly string[],
  destination: ResolvedDestination,
  { signal, environment }: { readonly signal: AbortSignal; readonly environment: Record<string, string> },
): Promise<{ readonly status: number | null; readonly output: string }> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    // In its own session: Ctrl-C in the terminal does not reach it, and it cannot prompt there.
    const child = spawn('ssh', args, {
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
      env: { ...process.env, ...environment },
    });
    let output = '';
    const unlisten = onAbort([signal], () => {
      // And what it started, such as a ProxyCommand.
      if (child.pid !== undefined) killProcess(-child.pid);
      reject(signal.reason);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-MAX_OUTPUT_CHARACTERS);
    });
    child.once('error', (error) => reject(cannotRun(destination, error)));
    child.once('close', (status) => {
      unlisten();
      resolve({ status, output });
    });
  });
}

async function connectToMaster(
  destination: ResolvedDestination,
  controlPath: string,
  signal: AbortSignal,
): Promise<ProxiedConnection> {
  try {
    return await connectToControlSocket(controlPath, { signal });
  } catch (cause) {
    signal.throwIfAborted();
    const host = formatDestination(destination);
    const message = `Could not connect to ${host}: ssh logged in, but its control socket cannot be used. Install OpenSSH 7.4 or later.`;
    throw new TunnelError('unreachable', host, message, { cause });
  }
}

function cannotRun(destination: ResolvedDestination, cause: Error): TunnelError {
  const host = formatDestination(destination);
  const [reason] = destination.needsOpenSsh;
  const why = reason === undefined ? 'the openssh transport was requested' : reason;
  return new TunnelError(
    'bad-destination',
    host,
    `Could not connect to ${host}: it needs OpenSSH's ssh program (${why}), which cannot be run here. Install the OpenSSH client.`,
    { cause },
  );
}
