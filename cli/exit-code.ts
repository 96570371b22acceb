import { ControlError } from '../agent/control/error.js';
import { AgentError, type AgentErrorCode } from '../agent/errors.js';
import { TunnelError, type TunnelErrorCode } from '../tunnel/errors.js';
import { WorldError, type WorldErrorCode } from '../world/errors.js';
import {
  DeployError,
  type DeployErrorCode,
  InterruptedError,
  RecoverError,
  type RecoverErrorCode,
  TrustError,
  UsageError,
} from './errors.js';

/** What the shell is told; programs may rely on these numbers. */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  unreachable: 3,
  refused: 4,
  unhealthy: 5,
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

const tunnelExits: Record<TunnelErrorCode, ExitCode> = {
  'bad-destination': exitCodes.usage,
  'bad-identity': exitCodes.unreachable,
  'auth-failed': exitCodes.unreachable,
  'no-common-algorithm': exitCodes.unreachable,
  unreachable: exitCodes.unreachable,
  'forward-refused': exitCodes.unreachable,
  'exec-refused': exitCodes.failed,
  'outcome-unknown': exitCodes.failed,
  closed: exitCodes.failed,
  'host-key-unknown': exitCodes.refused,
  'host-key-changed': exitCodes.refused,
  'host-key-revoked': exitCodes.refused,
  'host-key-unproven': exitCodes.refused,
};

const worldExits: Partial<Record<WorldErrorCode, ExitCode>> = {
  unavailable: exitCodes.unreachable,
  invalid: exitCodes.usage,
  unsafe: exitCodes.refused,
  'other-fleet': exitCodes.refused,
};

const agentExits: Partial<Record<AgentErrorCode, ExitCode>> = {
  invalid: exitCodes.usage,
  'other-cluster': exitCodes.refused,
  'no-fleet': exitCodes.refused,
  unsafe: exitCodes.refused,
};

const deployExits: Record<DeployErrorCode, ExitCode> = {
  unhealthy: exitCodes.unhealthy,
  'dirty-tree': exitCodes.refused,
  'git-refused': exitCodes.refused,
  'hash-chain': exitCodes.refused,
  overtaken: exitCodes.refused,
  declined: exitCodes.failed,
};

const recoverExits: Record<RecoverErrorCode, ExitCode> = {
  'has-quorum': exitCodes.refused,
  'not-confirmed': exitCodes.refused,
  declined: exitCodes.failed,
  impossible: exitCodes.failed,
  unreachable: exitCodes.unreachable,
  incomplete: exitCodes.failed,
};

export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof InterruptedError) return exitCodes.interrupted;
  if (error instanceof UsageError) return exitCodes.usage;
  if (error instanceof TrustError) return exitCodes.refused;
  if (error instanceof DeployError) return deployExits[error.code];
  if (error instanceof RecoverError) return recoverExits[error.code];
  if (error instanceof TunnelError) return tunnelExits[error.code];
  if (error instanceof ControlError) {
    if (error.code === 'unreachable') return exitCodes.unreachable;
    return error.code === 'has-quorum' ? exitCodes.refused : exitCodes.failed;
  }
  if (error instanceof AgentError) return agentExits[error.code] ?? exitCodes.failed;
  if (error instanceof WorldError) return worldExits[error.code] ?? exitCodes.failed;
  return exitCodes.failed;
}
