import { ControlError } from '../agent/control/control-error.js';
import { AgentError, type AgentErrorCode } from '../agent/errors.js';
import { TunnelError, type TunnelErrorCode } from '../tunnel/errors.js';
import { WorldError, type WorldErrorCode } from '../world/errors.js';
import { CliError, type CliErrorCode, InterruptedError } from './errors.js';

/** What the shell is told; programs may rely on these numbers. */
export const EXIT_CODES = {
  done: 0,
  failed: 1,
  usage: 2,
  unreachable: 3,
  refused: 4,
  unhealthy: 5,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT_CODES)[keyof typeof EXIT_CODES];

const TUNNEL_EXITS: Record<TunnelErrorCode, ExitCode> = {
  'bad-destination': EXIT_CODES.usage,
  'bad-identity': EXIT_CODES.unreachable,
  'auth-failed': EXIT_CODES.unreachable,
  'no-common-algorithm': EXIT_CODES.unreachable,
  unreachable: EXIT_CODES.unreachable,
  'forward-refused': EXIT_CODES.unreachable,
  'exec-refused': EXIT_CODES.failed,
  'outcome-unknown': EXIT_CODES.failed,
  closed: EXIT_CODES.failed,
  'host-key-unknown': EXIT_CODES.refused,
  'host-key-changed': EXIT_CODES.refused,
  'host-key-revoked': EXIT_CODES.refused,
  'host-key-unproven': EXIT_CODES.refused,
};

const WORLD_EXITS: Partial<Record<WorldErrorCode, ExitCode>> = {
  unavailable: EXIT_CODES.unreachable,
  invalid: EXIT_CODES.usage,
  unsafe: EXIT_CODES.refused,
  'other-fleet': EXIT_CODES.refused,
};

const AGENT_EXITS: Partial<Record<AgentErrorCode, ExitCode>> = {
  invalid: EXIT_CODES.usage,
  'other-cluster': EXIT_CODES.refused,
  'no-fleet': EXIT_CODES.refused,
  unsafe: EXIT_CODES.refused,
};

const CLI_EXITS: Readonly<Record<string, ExitCode | undefined>> = {
  usage: EXIT_CODES.usage,
  'not-confirmed': EXIT_CODES.refused,
  'not-trusted': EXIT_CODES.refused,
  'not-yours': EXIT_CODES.refused,
  'dirty-tree': EXIT_CODES.refused,
  'git-refused': EXIT_CODES.refused,
  'hash-chain': EXIT_CODES.refused,
  overtaken: EXIT_CODES.refused,
  'no-secret': EXIT_CODES.refused,
  'has-quorum': EXIT_CODES.refused,
  locked: EXIT_CODES.refused,
  'other-fleet': EXIT_CODES.refused,
  refused: EXIT_CODES.refused,
  'no-quorum': EXIT_CODES.refused,
  unreachable: EXIT_CODES.unreachable,
  'no-sudo': EXIT_CODES.unreachable,
  unhealthy: EXIT_CODES.unhealthy,
} satisfies Partial<Record<CliErrorCode, ExitCode>>;

const CONTROL_EXITS: Partial<Record<ControlError['code'], ExitCode>> = {
  unreachable: EXIT_CODES.unreachable,
  'has-quorum': EXIT_CODES.refused,
};

/** The codes of errors that end with an exit code, for the manual. Others end with 1. */
export function errorCodesOf(exit: number): string[] {
  const exits = [TUNNEL_EXITS, WORLD_EXITS, AGENT_EXITS, CLI_EXITS, CONTROL_EXITS];
  const codes = exits.flatMap((table) => Object.entries(table)).filter(([, known]) => known === exit);
  return [...new Set(codes.map(([code]) => code))].sort();
}

/** What the shell is told of an error: 1 where there is no number of its own. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof InterruptedError) return EXIT_CODES.interrupted;
  return ownExit(error) ?? EXIT_CODES.failed;
}

function ownExit(error: unknown): ExitCode | undefined {
  if (error instanceof CliError) return CLI_EXITS[error.code];
  if (error instanceof TunnelError) return TUNNEL_EXITS[error.code];
  if (error instanceof ControlError) return CONTROL_EXITS[error.code];
  if (error instanceof AgentError) return AGENT_EXITS[error.code];
  if (error instanceof WorldError) return WORLD_EXITS[error.code];
  return undefined;
}
