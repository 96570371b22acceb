import type { Log } from '../../../base/log.js';
import type { ClientWorld } from '../../../world/client-world.js';
import { CliError } from '../../errors.js';
import { formatBytes } from '../../output/format-quantities.js';
import type { HostShell } from '../host/host-shell.js';
import { type LocalProgram, PROGRAMS_FOLDER, releaseOf } from '../programs/local-program.js';
import { prunePrograms } from '../programs/prune-programs.js';
import { sendPrograms } from '../programs/send-programs.js';
import type { SendingShown } from '../programs/show-sending.js';
import { continueRecord, type InstallRecord, ranBefore } from '../record/install-record.js';
import { writeInstallRecord } from '../record/write-install-record.js';
import { activateRelease } from '../service/install-service.js';
import { restartInFleet } from '../world/restart-in-fleet.js';

/** A host that is upgraded, and what to. */
export interface HostUpgrade {
  readonly shell: HostShell;
  readonly record: InstallRecord;
  readonly bundle: LocalProgram;
  /** Undefined where the host's own Node is used. */
  readonly runtime: LocalProgram | undefined;
  /** Through another host where there is one. */
  readonly world: ClientWorld;
  readonly report: (said: string) => void;
  readonly showSending: (host: string) => SendingShown;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/**
 * Runs another version on a host and waits until it is part of the fleet as before; goes back to the version before if not.
 *
 * @throws CliError `failed` when it went back
 */
export async function upgradeHost(upgrade: HostUpgrade): Promise<void> {
  const { shell, record, bundle, runtime, report, log, signal } = upgrade;
  const programs = runtime === undefined ? [bundle] : [bundle, runtime];
  await send(upgrade, programs);
  const before = { runtime: record.runtime ?? '', release: record.release ?? '' };
  const after = {
    runtime: runtime === undefined ? before.runtime : `${PROGRAMS_FOLDER}/${runtime.path}`,
    release: releaseOf(bundle),
  };
  try {
    await runVersion(upgrade, after);
  } catch (error) {
    signal.throwIfAborted();
    report(`goes back to hawser ${record.version}: ${(error as Error).message}`);
    await runVersion(upgrade, before);
    const message = `${shell.name} runs hawser ${record.version} again, because ${bundle.version} did not work there: ${(error as Error).message}`;
    throw new CliError('failed', message, { cause: error });
  }
  const at = new Date().toISOString();
  const next = { ...record, ...after, ...ranBefore(record, after.release), version: bundle.version, at };
  await writeInstallRecord(shell, continueRecord(record, next), signal);
  report(`runs hawser ${bundle.version}`);
  await prunePrograms(shell, [after, before], { log, signal });
}

async function send(
  { shell, report, showSending, signal }: HostUpgrade,
  programs: readonly LocalProgram[],
): Promise<void> {
  using shown = showSending(shell.name);
  const { sentBytes } = await sendPrograms(shell, programs, { ...shown, signal });
  if (sentBytes > 0) report(`sent ${formatBytes(sentBytes)}`);
}

async function runVersion(
  { shell, world, signal }: HostUpgrade,
  version: { readonly runtime: string; readonly release: string },
): Promise<void> {
  await restartInFleet({ shell, world, signal, change: () => activateRelease(shell, version, signal) });
}
