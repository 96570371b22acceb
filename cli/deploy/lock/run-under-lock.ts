import { once } from 'node:events';
import { constants } from 'node:os';
import { onAbort } from '../../../base/abort.js';
import type { ClientWorld } from '../../../world/client-world.js';
import { deleteDeployLock } from '../../../world/deploys/locks/deploy-locks.js';
import { CliError, InterruptedError } from '../../errors.js';
import { startOnTerminal } from '../../output/write-output.js';
import type { ReadCall } from '../read-deploys.js';
import { lockByLease } from './lock-app.js';
import { LOCK_VARIABLE } from './refuse-if-locked.js';

/** How long the lock outlives us when this machine dies, sleeps or loses the fleet. */
const TTL_SECONDS = 15;

/** What the shell reports of a program that a signal ended. */
const SIGNALLED = 128;

export interface LockedCommand {
  readonly app: string;
  readonly reason: string;
  readonly argv: readonly [string, ...string[]];
  /** Tells the person something while the command may be writing. */
  readonly say: (sentence: string) => void;
}

/**
 * Runs a command while an app is locked for others. The command finds the lock's id in `HAWSER_DEPLOY_LOCK`, by which the hawser
 * that it runs passes the lock.
 *
 * @returns the exit code of the command; 1 when the lock was lost before it ended
 * @throws CliError `locked`, `usage`; `failed` for a command that cannot be started
 */
export async function runUnderLock(
  world: ClientWorld,
  { app, reason, argv, say }: LockedCommand,
  call: ReadCall,
): Promise<number> {
  await using session = await world.client.session({ ttlSeconds: TTL_SECONDS }, call);
  const { lock, revision } = await lockByLease(world, { app, reason, lease: session.lease }, call);
  say(`${app} is locked while ${argv[0]} runs.`);
  let isOver = false;
  const unlisten = onAbort([session.expired], () => {
    if (!isOver)
      say(
        `The lock of ${app} was lost, because the fleet could not be reached. Others can change ${app} now.`,
      );
  });
  const code = await runCommand(argv, { ...process.env, [LOCK_VARIABLE]: lock.id }, call.signal).finally(
    () => {
      isOver = true;
      unlisten();
    },
  );
  const wasLost = session.expired.aborted;
  // An interrupted command is over, too: what was locked for it is free again.
  const freed =
    wasLost || (await deleteDeployLock(world.client, app, revision, { timeoutMs: call.timeoutMs }));
  if (!freed) say(`Somebody took the lock of ${app} away before ${argv[0]} had ended.`);
  return code === 0 && (wasLost || !freed) ? 1 : code;
}

async function runCommand(
  [program, ...args]: readonly [string, ...string[]],
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<number> {
  const child = startOnTerminal(program, args, env);
  const unlisten = onAbort([signal], () => {
    const name = signal.reason instanceof InterruptedError ? signal.reason.signalName : 'SIGTERM';
    // Ctrl-C reaches the command by itself: it is in the foreground of the terminal, as we are.
    if (name !== 'SIGINT' || !process.stdin.isTTY) child.kill(name);
  });
  try {
    const [code, endedBy] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    return code ?? SIGNALLED + (endedBy === null ? 0 : constants.signals[endedBy]);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'there is no such program' : String(code);
    throw new CliError('failed', `Could not run ${program}: ${why}.`, { cause: error });
  } finally {
    unlisten();
  }
}
