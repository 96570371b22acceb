import { CliError } from '../../errors.js';
import { formatBytes } from '../../output/format-quantities.js';
import type { HostFacts } from '../facts/host-facts.js';
import type { HostShell } from '../host/host-shell.js';
import { etcdPackage, installEtcdPackage, isNewEnough } from './install-etcd-package.js';
import { type LocalProgram, nameProgram, PROGRAMS_FOLDER } from './local-program.js';
import { sendPrograms } from './send-programs.js';
import type { SendingShown } from './show-sending.js';

/** How a host that has no etcd gets one. */
export interface EtcdProvision {
  /** Asked first; undefined where none is to be asked. */
  readonly manager: HostFacts['packageManager'];
  /** What to send where the package manager has none, the server first. */
  readonly prepare: () => Promise<readonly [LocalProgram, ...(readonly LocalProgram[])]>;
  readonly showSending: (host: string) => SendingShown;
  /** Writes down on the host what is about to be done, and what was. */
  readonly note: (done: {
    readonly packages?: readonly string[];
    readonly etcd?: string;
  }) => Promise<unknown>;
  readonly signal: AbortSignal;
}

type Shell = Pick<HostShell, 'name' | 'run'>;

/**
 * Gives a host an etcd: by its package manager, or if that has none that is new enough, by sending one.
 *
 * @returns what was done
 * @throws CliError `failed` when neither works, with both reasons
 */
export async function provideEtcd(shell: Shell, provision: EtcdProvision): Promise<string> {
  const { manager, note, signal } = provision;
  if (manager === undefined) return await sendEtcd(shell, provision);
  const name = etcdPackage(manager);
  await note({ packages: [name] });
  const installed = await installEtcdPackage(shell, manager, signal);
  if ('path' in installed) {
    await note({ etcd: installed.path });
    return `installed ${name} with ${manager}`;
  }
  if (!installed.isInstalled) await note({ packages: [] });
  try {
    return `${await sendEtcd(shell, provision)}, because ${manager} has none that works`;
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof CliError)) throw error;
    throw new CliError('failed', `${installed.failure}. ${error.message}`, { cause: error });
  }
}

async function sendEtcd(
  shell: Shell,
  { prepare, showSending, note, signal }: EtcdProvision,
): Promise<string> {
  const programs = await prepare();
  using shown = showSending(shell.name);
  const { sentBytes } = await sendPrograms(shell, programs, { ...shown, signal });
  const [server] = programs;
  const etcd = `${PROGRAMS_FOLDER}/${server.path}`;
  await requireItRuns(shell, etcd, signal);
  await note({ etcd });
  return sentBytes === 0
    ? `has ${nameProgram(server)}`
    : `sent ${nameProgram(server)}, ${formatBytes(sentBytes)}`;
}

/** Says its version. Argument: the program. */
const ASK = `"$1" --version 2>&1 | head -n 1`;

/** Removes its directory. Argument: the program. */
const REMOVE = `rm -rf -- "\${1%/*}"`;

/** Only the host can say what the program of a person is, and whether it runs there. */
async function requireItRuns(shell: Shell, etcd: string, signal: AbortSignal): Promise<void> {
  const { stdout } = await shell.run(ASK, { args: [etcd], signal });
  const [, version] = /^etcd Version: (\d+\.\d+\.\d+)/.exec(stdout) ?? [];
  if (version !== undefined && isNewEnough(version)) return;
  await shell.run(REMOVE, { args: [etcd], signal });
  const why =
    version === undefined
      ? `does not run there, or is no etcd: it said "${stdout.trim().slice(0, 300)}"`
      : `is ${version}, and hawser needs 3.4 or newer`;
  throw new CliError('failed', `The etcd that was sent to ${shell.name} ${why}. It was removed again.`);
}
