import { CliError } from '../../errors.js';
import type { HostShell } from '../host/host-shell.js';
import { type InstallRecord, parseInstallRecord, RECORD_FILE } from '../record/install-record.js';
import { type HostLock, lockHost } from './lock-file-on-host.js';
import type { LockOwner } from './lock-owner.js';

/** A host to lock, as it was when it was looked at. */
export interface HostToLock {
  readonly shell: Pick<HostShell, 'name' | 'run'>;
  readonly facts: { readonly agent: { readonly record?: InstallRecord | undefined } };
}

/** Hosts that only we change, until this is closed. */
export interface HeldLocks extends AsyncDisposable {
  /** One for each host; it aborts when somebody else took its lock. */
  readonly lost: readonly AbortSignal[];
}

/**
 * Locks hosts, all or none.
 * @throws CliError `locked` while somebody else changes one of them, or where somebody has since it was looked at
 */
export async function lockHosts(
  hosts: readonly HostToLock[],
  us: LockOwner,
  signal: AbortSignal,
): Promise<HeldLocks> {
  const settled = await Promise.allSettled(hosts.map((host) => lockUnchanged(host, us, signal)));
  const held = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const release = async () => {
    await Promise.all(held.map((lock) => lock[Symbol.asyncDispose]()));
  };
  const failed = settled.find((one) => one.status === 'rejected');
  if (failed === undefined) return { lost: held.map(({ lost }) => lost), [Symbol.asyncDispose]: release };
  await release();
  throw failed.reason;
}

/**
 * Locks one host, if it is still as it was when it was looked at: minutes may have passed at a question.
 * @throws CliError `locked`
 */
export async function lockUnchanged(
  { shell, facts }: HostToLock,
  us: LockOwner,
  signal: AbortSignal,
): Promise<HostLock> {
  const lock = await lockHost(shell, us, signal);
  try {
    const { stdout } = await shell.run('cat -- "$1" 2>/dev/null || :', { args: [RECORD_FILE], signal });
    if (JSON.stringify(parseInstallRecord(stdout)) === JSON.stringify(facts.agent.record)) return lock;
  } catch (error) {
    await lock[Symbol.asyncDispose]();
    throw error;
  }
  await lock[Symbol.asyncDispose]();
  const message = `Another run of hawser has changed ${shell.name} since it was looked at here. Nothing was changed: run the command again.`;
  throw new CliError('locked', message);
}
