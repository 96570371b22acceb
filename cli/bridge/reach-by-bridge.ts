import { shellCommand } from '../../tunnel/exec/shell-command.js';
import type { CommandTarget, Reach } from '../../tunnel/forward/forward-target.js';
import type { SudoPasswords, SudoUser } from '../setup/host/sudo-passwords.js';
import { BRIDGE, BRIDGED_SOCKET, GREETING } from './bridge-command.js';

/** What sudo is told to ask with, so that its question is known when it comes. */
const PROMPT = '[hawser] password for sudo:';

/** A host whose etcd is reached through a bridge. */
export interface BridgedHost extends Omit<SudoUser, 'verify'> {
  /** Whether the bridge runs by sudo. */
  readonly sudo: boolean;
}

/** Leads to the socket of etcd through a bridge, and to everything else by a channel. */
export function reachByBridge(host: BridgedHost, passwords: SudoPasswords): Reach {
  const bridge = bridgeTarget(host, passwords);
  return (target) => ('socketPath' in target && target.socketPath === BRIDGED_SOCKET ? bridge : target);
}

/** sudo says itself whether it wants a password, which it gets on its input before the stream begins. */
function bridgeTarget({ sudo, ...sudoer }: BridgedHost, passwords: SudoPasswords): CommandTarget {
  const name = `${sudo ? 'sudo hawser bridge' : 'hawser bridge'} ${BRIDGED_SOCKET}`;
  if (!sudo) return { command: shellCommand(BRIDGE), name, greeting: GREETING };
  let wrong: unknown;
  return {
    command: shellCommand(['sudo', '-S', '-p', PROMPT, '--', ...BRIDGE]),
    name,
    greeting: GREETING,
    question: {
      prompt: PROMPT,
      answer: async ({ verify, signal }) => {
        // Tried again and again, a wrong password locks its user out.
        if (wrong !== undefined) throw wrong;
        try {
          await passwords.passwordFor({ ...sudoer, verify }, signal);
        } catch (error) {
          signal.throwIfAborted();
          wrong = error;
          throw error;
        }
      },
    },
  };
}
