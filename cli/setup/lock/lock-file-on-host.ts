import { pause, timeLimit } from '../../../base/abort.js';
import { CliError } from '../../errors.js';
import type { HostShell } from '../host/host-shell.js';
import { formatOwner, hasEnded, type LockOwner, parseOwner } from './lock-owner.js';

/** In a directory that only root can write to and that a reboot empties. */
const LOCK_FILE = '/run/hawser-setup.lock';

/** How often a held lock is renewed. */
const RENEW_MS = 20_000;

/** By the host's clock, since the lock was renewed last; then its owner is taken for dead. */
const STALE_SECONDS = 120;

const RELEASE_TIMEOUT_MS = 5_000;

/** What {@link TAKE} ends with while somebody else has the lock. */
const HELD = 75;

/** What {@link RENEW} ends with when the lock was lost. */
const LOST = 76;

/** Arguments: the file, our line, the age at which a lock is stale, the line of an owner that is known to be gone. */
const TAKE = `
umask 077
take() { (set -C; printf '%s\\n' "$2" >"$1") 2>/dev/null; }
take "$1" "$2" && exit 0
[ -e "$1" ] || { echo "cannot write $1" >&2; exit 1; }
owner=$(head -n 1 -- "$1")
[ "$owner" = "$2" ] && exit 0
age=$(( $(date +%s) - $(stat -c %Y -- "$1") ))
if [ "$age" -gt "$3" ] || { [ -n "$4" ] && [ "$owner" = "$4" ]; }; then
  mv -- "$1" "$1.$$" && rm -f -- "$1.$$"
  take "$1" "$2" && exit 0
  owner=$(head -n 1 -- "$1")
  age=0
fi
printf '%s\\n%s\\n' "$age" "$owner"
exit ${HELD}
`;

const RENEW = `[ "$(head -n 1 -- "$1")" = "$2" ] || exit ${LOST}
touch -- "$1"`;

const RELEASE = `[ "$(head -n 1 -- "$1" 2>/dev/null)" != "$2" ] || rm -f -- "$1"`;

/** A host that only we change, until this is closed. */
export interface HostLock extends AsyncDisposable {
  /** Aborts when somebody else took the lock, after this machine could not reach the host for minutes. */
  readonly lost: AbortSignal;
}

/**
 * Keeps other runs of `up`, `down` and `upgrade` away from a host, also those of other machines and of people who have
 * another fleet in mind. The lock of a run that died is taken over: at once if it ran on this machine, else two minutes
 * after it was renewed last.
 *
 * @throws CliError `locked` while somebody else has it, naming them; `failed` if root cannot write to /run there
 */
export async function lockHost(
  shell: Pick<HostShell, 'name' | 'run'>,
  us: LockOwner,
  signal: AbortSignal,
): Promise<HostLock> {
  const line = formatOwner(us);
  let held = await take(shell, { line, gone: '' }, signal);
  if (held?.owner !== undefined && hasEnded(held.owner, us)) {
    held = await take(shell, { line, gone: held.line }, signal);
  }
  if (held !== undefined) throw isHeld(shell.name, held);
  return new RenewedLock(shell, line);
}

interface HeldLock {
  readonly line: string;
  readonly owner: LockOwner | undefined;
  readonly ageSeconds: number;
}

async function take(
  shell: Pick<HostShell, 'name' | 'run'>,
  { line, gone }: { readonly line: string; readonly gone: string },
  signal: AbortSignal,
): Promise<HeldLock | undefined> {
  const args = [LOCK_FILE, line, String(STALE_SECONDS), gone];
  const { code, stdout, stderr } = await shell.run(TAKE, { args, signal });
  if (code === 0) return undefined;
  if (code !== HELD) {
    const why = stderr.trim().slice(-300) || `the command ended with ${code}`;
    throw new CliError(
      'failed',
      `Could not lock ${shell.name}: ${why}. Check that root can write to /run there.`,
    );
  }
  const [age = '', owner = ''] = stdout.split('\n');
  return { line: owner, owner: parseOwner(owner), ageSeconds: Number(age) || 0 };
}

function isHeld(host: string, { owner, ageSeconds }: HeldLock): CliError {
  const who =
    owner === undefined
      ? 'Another run of hawser'
      : `"hawser ${owner.command}" of ${owner.by} (pid ${owner.pid})`;
  const message = `${who} is changing ${host}; it was last seen ${Math.max(ageSeconds, 0)} s ago. Wait until it is done, then try again.`;
  return new CliError('locked', message);
}

/** Renews the lock until it is closed. */
class RenewedLock implements HostLock {
  readonly #shell: Pick<HostShell, 'name' | 'run'>;
  readonly #line: string;
  readonly #lost = new AbortController();
  readonly #closing = new AbortController();
  readonly #renewing: Promise<void>;
  #released: Promise<void> | undefined;

  constructor(shell: Pick<HostShell, 'name' | 'run'>, line: string) {
    this.#shell = shell;
    this.#line = line;
    this.#renewing = this.#renew();
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#released ??= this.#release();
    return this.#released;
  }

  async #renew(): Promise<void> {
    const { signal } = this.#closing;
    for (;;) {
      await pause(RENEW_MS, signal);
      if (signal.aborted) return;
      // A host that is out of reach for a moment loses nothing: the lock is still ours, or it is lost, which shows then.
      const renewed = await this.#run(RENEW, signal).catch(() => undefined);
      if (renewed?.code !== LOST) continue;
      const message = `The lock on ${this.#shell.name} was lost, because the host could not be reached for too long: somebody else is changing it now.`;
      return this.#lost.abort(new CliError('locked', message));
    }
  }

  /** By a deadline of its own: it must also work after Ctrl-C. What stays behind is stale soon. */
  async #release(): Promise<void> {
    this.#closing.abort();
    await this.#renewing;
    await this.#run(RELEASE, timeLimit(RELEASE_TIMEOUT_MS)).catch(() => undefined);
  }

  #run(script: string, signal: AbortSignal): Promise<{ code: number | null }> {
    return this.#shell.run(script, { args: [LOCK_FILE, this.#line], signal });
  }
}
