import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { CliError } from '../errors.js';
import { expandHome } from '../system/user-folders.js';

/** The value of `--sign` that stands for the only key of the SSH agent. */
const AGENT = 'agent';

/** ssh-keygen says little; what is longer is not repeated. */
const MAX_WORDS = 500;

/**
 * Signs a message with a person's SSH key: a private key file, a `.pub` file whose private key is in the SSH agent or on a
 * token, or `agent` for the only key of the SSH agent. OpenSSH's ssh-keygen does it, and asks for a passphrase on the
 * terminal.
 *
 * @returns the signature, armoured
 * @throws CliError `sign-failed` with what ssh-keygen said; `usage` when there is none, or `agent` is ambiguous
 */
export async function signWithSshKey(
  key: string,
  message: string,
  { namespace, signal }: { readonly namespace: string; readonly signal: AbortSignal },
): Promise<string> {
  const signBy = (file: string) =>
    run('ssh-keygen', ['-Y', 'sign', '-q', '-n', namespace, '-f', file], { message, signal });
  const { code, stdout, words } =
    key === AGENT ? await inPrivateFile(await onlyKey(signal), signBy) : await signBy(expandHome(key));
  if (code === 0 && stdout !== '') return stdout;
  const why = words === '' ? `ssh-keygen exited with ${code}` : words;
  throw new CliError('sign-failed', `Cannot sign the deploy with ${key}: ${why}. Nothing was deployed.`);
}

/** For a program that wants a file. */
async function inPrivateFile<T>(content: string, use: (file: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(path.join(tmpdir(), 'hawser-key-'));
  try {
    const file = path.join(folder, 'key.pub');
    await writeFile(file, `${content}\n`, { mode: 0o600, flag: 'wx' });
    return await use(file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** @throws CliError `usage` unless the SSH agent has exactly one */
async function onlyKey(signal: AbortSignal): Promise<string> {
  const { code, stdout } = await run('ssh-add', ['-L'], { signal });
  const keys = code === 0 ? stdout.split('\n').filter((line) => line !== '') : [];
  const [key] = keys;
  if (key !== undefined && keys.length === 1) return key;
  const there = keys.length === 0 ? 'The SSH agent has no key' : `The SSH agent has ${keys.length} keys`;
  throw new CliError('usage', `${there}: pass --sign FILE with the .pub file of the one to sign with.`);
}

/** @throws CliError `usage` when the program is not there */
async function run(
  program: string,
  args: readonly string[],
  { message = '', signal }: { readonly message?: string; readonly signal: AbortSignal },
): Promise<{ code: number | null; stdout: string; words: string }> {
  try {
    const child = spawn(program, args, { signal, stdio: 'pipe' });
    const ended = once(child, 'close') as Promise<[number | null]>;
    child.stdin.on('error', () => undefined); // it ended first
    child.stdin.end(message);
    const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
    const words = stderr
      .trim()
      .replace(/\s*\r?\n\s*/g, '; ')
      .replace(/[.:]$/, '');
    return { code, stdout, words: words.slice(0, MAX_WORDS) };
  } catch (error) {
    signal.throwIfAborted();
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new CliError(
      'usage',
      `Signing needs ${program}, which is not installed: install OpenSSH's client.`,
    );
  }
}
