import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { type ResolvedDestination, resolveDestination, TunnelError } from '../../../../tunnel/index.js';

export const withOpenSsh = { PATH: process.env['PATH'] };
export const withoutOpenSsh = { PATH: '/nonexistent' };

interface Asked {
  readonly text?: string;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly log?: (level: string, message: string) => void;
}

export async function temporaryFolder(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'ssh-config-'));
  t.teardown(() => rm(folder, { recursive: true }));
  return folder;
}

/** What a file says of a host by OpenSSH and by our own reading, which must be the same. */
export async function agreed(
  t: ExecutionContext,
  config: string,
  asked: Asked = {},
): Promise<ResolvedDestination> {
  const { text = 'web', environment = {}, log } = asked;
  const configFile = join(await temporaryFolder(t), 'config');
  await writeFile(configFile, config);
  const resolve = (path: typeof withOpenSsh) =>
    resolveDestination(text, { environment: { ...environment, ...path }, configFile, log });
  const byOpenSsh = await resolve(withOpenSsh);
  t.deepEqual(await resolve(withoutOpenSsh), byOpenSsh);
  return byOpenSsh;
}

/** A file that both readings refuse. */
export async function refused(t: ExecutionContext, config: string): Promise<void> {
  const configFile = join(await temporaryFolder(t), 'config');
  await writeFile(configFile, config);
  for (const environment of [withOpenSsh, withoutOpenSsh]) {
    const error = await t.throwsAsync(resolveDestination('web', { environment, configFile }), {
      instanceOf: TunnelError,
    });
    t.is(error.code, 'bad-destination');
  }
}
