import type { Log } from '../../../base/log.js';
import { type Ask, Questions } from '../../../tunnel/question-queue.js';
import type { Fleet } from '../../fleet/file/fleet.js';
import { askFor } from '../../prompts/ask-ssh-questions.js';
import { canAsk } from '../../prompts/confirm.js';
import type { ConnectOptions, LoginFlags } from './connect-host.js';
import { SudoPasswords } from './sudo-passwords.js';

/** What the commands that set up hosts are called with. */
export interface SetupRequest extends LoginFlags {
  readonly json: boolean;
  readonly yes: boolean;
  readonly sudoPasswordFile?: string | undefined;
  /** How long one host may take to answer. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** How to connect to the hosts of a fleet, with the same questions and passwords for all of them. */
export function connectOptions(fleet: Pick<Fleet, 'knownHosts'>, request: SetupRequest): ConnectOptions {
  const { log, signal, timeoutMs, sudoPasswordFile, json, yes } = request;
  const hasTerminal = canAsk() && !json;
  const ask = askWithoutTrust(askFor({ canAsk: hasTerminal, isUnattended: yes }, log), yes);
  const questions = ask && new Questions(ask);
  const passwords = new SudoPasswords(questions, sudoPasswordFile);
  return { login: request, jumpKeys: fleet.knownHosts, passwords, timeoutMs, questions, log, signal };
}

/** With `--yes` nobody decides whom to trust: unknown hosts are refused. Passwords are asked for all the same. */
function askWithoutTrust(ask: Ask | undefined, isUnattended: boolean): Ask | undefined {
  if (ask === undefined || !isUnattended) return ask;
  return async (question, options) => (question.kind === 'host-key' ? undefined : ask(question, options));
}
