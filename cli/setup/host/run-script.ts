import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { onAbort } from '../../../base/abort.js';
import type { RemoteCommand } from '../../../tunnel/exec/remote-command.js';
import { shellCommand } from '../../../tunnel/exec/shell-command.js';
import type { Tunnel } from '../../../tunnel/tunnel.js';
import { CliError } from '../../errors.js';
import type { RootAccess, RunOptions, RunResult } from './host-shell.js';

const TIMEOUT_MS = 60_000;

/** More than any script of ours says. */
const MOST_OUTPUT_BYTES = 1_000_000;

/** sudo with the password on its input; it forgets what an earlier call remembered. Without one it never asks. */
export function sudoAccess(password: string | undefined): RootAccess {
  if (password === undefined) return { prefix: ['sudo', '-n', '--'] };
  return { prefix: ['sudo', '-k', '-S', '-p', '', '--'], password };
}

/** Runs a script once. @throws as {@link HostShell.run} */
export async function runScript(
  { name, tunnel }: { readonly name: string; readonly tunnel: Tunnel },
  script: string,
  { prefix, password }: RootAccess,
  options: Omit<RunOptions, 'as'>,
): Promise<RunResult> {
  const { args = [], input, signal, timeoutMs = TIMEOUT_MS } = options;
  const over = new AbortController();
  const unlisten = onAbort([signal], () => over.abort(signal?.reason));
  const timer = setTimeout(() => over.abort(tookTooLong(name, timeoutMs)), timeoutMs);
  try {
    const [program = 'sh', ...rest] = [...prefix, 'sh', '-c', script, 'sh', ...args];
    const command = await tunnel.exec(shellCommand([program, ...rest]), { signal: over.signal });
    const first = password === undefined ? [] : [Buffer.from(`${password}\n`)];
    const sending = send(command, first, input);
    const [stdout, stderr, exit] = await Promise.all([
      bounded(command.stdout, name, over),
      bounded(command.stderr, name, over),
      command.exit,
      sending,
    ]);
    return { code: exit.code ?? null, stdout, stderr };
  } catch (error) {
    over.signal.throwIfAborted();
    throw error;
  } finally {
    clearTimeout(timer);
    unlisten();
  }
}

/** The command need not read it all: how it ends says what matters. */
async function send(
  { stdin }: RemoteCommand,
  first: readonly Uint8Array[],
  input: RunOptions['input'],
): Promise<void> {
  const rest = input instanceof Uint8Array ? [input] : (input ?? []);
  async function* all(): AsyncGenerator<Uint8Array> {
    yield* first;
    yield* rest;
  }
  await pipeline(Readable.from(all(), { objectMode: false }), stdin).catch(() => undefined);
}

async function bounded(stream: Readable, name: string, over: AbortController): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    chunks.push(chunk as Buffer);
    size += (chunk as Buffer).length;
    if (size > MOST_OUTPUT_BYTES) over.abort(saysTooMuch(name));
    over.signal.throwIfAborted();
  }
  return Buffer.concat(chunks).toString();
}

function tookTooLong(name: string, timeoutMs: number): CliError {
  const message = `${name} did not finish a step of the setup within ${timeoutMs / 1_000} s. Run the command again to continue.`;
  return new CliError('failed', message);
}

function saysTooMuch(name: string): CliError {
  return new CliError(
    'failed',
    `${name} answered with more than a megabyte, which no script of hawser says.`,
  );
}
