import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { ExecutionContext } from 'ava';
import {
  type Ask,
  type Question,
  Tunnel,
  TunnelError,
  type TunnelErrorCode,
  type TunnelOptions,
} from '../../../tunnel/index.js';
import type { Sshd } from './sshd.js';

const run = promisify(execFile);

/** A person who gives these answers one after the other, and what they were asked. */
export function answering(...answers: (string | undefined)[]): {
  readonly ask: Ask;
  readonly asked: Question[];
} {
  const asked: Question[] = [];
  return {
    asked,
    ask: async (question) => {
      asked.push(question);
      return answers.shift();
    },
  };
}

export async function connects(t: ExecutionContext, options: TunnelOptions): Promise<void> {
  await using tunnel = await Tunnel.open(options);
  t.is(tunnel.state.status, 'connected');
}

export async function refused(
  t: ExecutionContext,
  options: TunnelOptions,
  code: TunnelErrorCode,
): Promise<TunnelError> {
  const error = await t.throwsAsync(connects(t, options), { instanceOf: TunnelError });
  t.is(error.code, code, error.message);
  return error;
}

/** Encrypts the key that may log in. */
export async function encrypt({ identityFile }: Sshd, passphrase: string): Promise<void> {
  await run('ssh-keygen', ['-q', '-p', '-a', '1', '-P', '', '-N', passphrase, '-f', identityFile]);
}
