import { spawn } from 'node:child_process';
import { access, constants, readFile, stat } from 'node:fs/promises';
import { onAbort } from '../../../base/abort.js';
import { formatDestination } from '../../destination.js';
import { TunnelError } from '../../errors.js';
import { makePrivateFolder, removePrivateFolder } from '../../files/private-folder.js';
import { badIdentity } from '../../identity/identity-files.js';
import type { ResolvedDestination } from '../../ssh-config/resolved-destination.js';
import { isMute } from '../liveness/liveness-probe.js';
import { quirksOf } from '../liveness/server-quirks.js';
import type { DialOptions, Transport } from '../transport.js';
import { Askpass } from './askpass/askpass.js';
import { connectToControlSocket, killProcess, type ProxiedConnection, terminate } from './control-socket.js';
import { translateOpenSshFailure } from './error.js';
import { prepareHostKeySource } from './host-key-source.js';
import { OpenSshLink } from './link.js';
import { askEnvironment, controlPathIn, jumpLogFile, masterArguments } from './ssh-arguments.js';

/** Enough for every message of `ssh`; the rest of a flood is dropped. */
const MAX_OUTPUT_CHARACTERS = 16_384;

/** How often `ssh` looks by itself whether a server is there that answers nothing: as good as never. */
const NEVER_MS = 86_400_000;

/**
 * Speaks SSH by way of the system's `ssh`: it connects, verifies the host and logs in by its own rules, so that
 * whatever it can do works. Channels go through its control socket, without a process for each.
 * Its questions come to the same person as those of ssh2 (OpenSSH 8.4 or later).
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
      await startMaster(destination, { ...options, folder });
      return new OpenSshLink(await connectToMaster(destination, controlPath, signal), {
        ...options,
        destination,
        controlPath,
        folder,
      });
    } catch (error) {
      // The master may be there already: it is not to outlive the attempt.
      await terminate(controlPath);
      removePrivateFolder(folder);
      signal.throwIfAborted();
      throw error;
    }
  },
};

/** There is no way to keep `ssh` from reading `${…}` in a path as a variable. */
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

/** `ssh` would pass over a key file that is not there. */
async function checkIdentities(destination: ResolvedDestination): Promise<void> {
  for (const file of destination.requiredIdentityFiles) {
    try {
      await access(file, constants.R_OK);
    } catch (error) {
      throw badIdentity(formatDestination(destination), file, 'it cannot be read', error);
    }
  }
}

/** `ssh` would wait at a pipe until somebody writes to it, whatever the time. */
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

/** Settles when `ssh` is logged in and its control socket there. */
async function startMaster(destination: ResolvedDestination, options: Master): Promise<void> {
  const attempt = new AbortController();
  const unlisten = onAbort([options.signal], () => attempt.abort(options.signal.reason));
  try {
    await logIn(destination, options, attempt);
  } finally {
    unlisten();
  }
}

async function logIn(
  destination: ResolvedDestination,
  { folder, keepaliveIntervalMs, keepaliveCountMax, questions, timeLimit, log }: Master,
  attempt: AbortController,
): Promise<void> {
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
  // At its usual level `ssh` keeps to itself that it has no algorithm in common with a host: then it has to fail again.
  for (const logLevel of ['ERROR', 'INFO'] as const) {
    const args = masterArguments(destination, { ...settings, logLevel });
    log?.('debug', `Running: ssh ${args.join(' ')}`);
    const { status, output } = await run(args, destination, {
      signal,
      environment: askEnvironment(askPrograms.at(-1)),
    });
    if (status === 0) return askpass?.succeeded();
    const said = await failedHost(destination, output, folder);
    if (said.output !== '' || logLevel === 'INFO') throw translateOpenSshFailure(said.by, said.output);
  }
}

/** The host on the way that failed, and what its `ssh` said: those before the last have logs. */
async function failedHost(
  destination: ResolvedDestination,
  output: string,
  folder: string,
): Promise<{ readonly by: ResolvedDestination; readonly output: string }> {
  for (const [index, jump] of destination.jumps.entries()) {
    const said = await readLog(jumpLogFile(folder, index));
    if (said !== '') return { by: jump, output: said };
  }
  // Through a jump host that does not come about, the last one sees no more than a lost connection.
  const isEcho = destination.jumps.length > 0 && /^kex_exchange_identification: /.test(output);
  return { by: destination, output: isEcho ? '' : output };
}

async function readLog(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch {
    // It was not come to.
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
    // Its own session: ^C in the terminal is ours to handle, and no prompt can come there.
    const child = spawn('ssh', args, {
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
      env: { ...process.env, ...environment },
    });
    let output = '';
    const unlisten = onAbort([signal], () => {
      // What it started (ProxyCommand) goes with it.
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
