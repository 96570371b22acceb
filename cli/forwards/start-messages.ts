import type { LogLevel } from '../../base/log.js';
import { TunnelError, type TunnelErrorCode } from '../../tunnel/errors.js';
import type { Question } from '../../tunnel/question-queue.js';
import { CliError, type CliErrorCode } from '../errors.js';
import type { ForwardState } from './control-protocol.js';
import type { ForwardRequest } from './read-standing.js';

// What a command and the forward that it starts say to each other until the forward is ready, over a channel that no one
// else can reach: neither arguments nor the environment of a process hold an answer.

/** What a forward has to know. */
export interface ForwardSettings extends ForwardRequest {
  readonly label: string;
  readonly maxIdleMs: number;
}

/** From the command. */
export type ToForward =
  | { readonly kind: 'settings'; readonly settings: ForwardSettings }
  | { readonly kind: 'answer'; readonly id: number; readonly answer?: string };

/** From the forward. */
export type FromForward =
  /** Another one has the control socket. */
  | { readonly kind: 'taken' }
  | { readonly kind: 'question'; readonly id: number; readonly question: Question }
  /** The answer is no longer needed. */
  | { readonly kind: 'withdrawn'; readonly id: number }
  | { readonly kind: 'log'; readonly level: LogLevel; readonly message: string }
  | { readonly kind: 'ready'; readonly state: ForwardState }
  | { readonly kind: 'failed'; readonly error: SentError };

/** An error as far as it can be sent. */
interface SentError {
  readonly from: 'tunnel' | 'cli' | 'other';
  readonly code: string;
  readonly host: string;
  readonly message: string;
}

export function toSentError(error: unknown): SentError {
  if (!(error instanceof Error)) return { from: 'other', code: 'failed', host: '', message: String(error) };
  const { code = 'failed', host = '' } = error as Partial<TunnelError>;
  const from = error instanceof TunnelError ? 'tunnel' : error instanceof CliError ? 'cli' : 'other';
  return { from, code, host, message: error.message };
}

/** The error again, for the exit code that it has. */
export function fromSentError({ from, code, host, message }: SentError): Error {
  if (from === 'tunnel') return new TunnelError(code as TunnelErrorCode, host, message);
  return from === 'cli' ? new CliError(code as CliErrorCode, message) : new Error(message);
}
