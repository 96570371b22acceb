import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readTrust } from '../host-trust.js';
import type { ResolvedDestination } from '../ssh-config.js';
import type { HostKeySource } from './arguments.js';

/** The name that pinned keys are filed under: `ssh` looks it up instead of the host's. */
const PINNED_NAME = 'pinned-by-hawser';

/** Answers `ssh` when only a fingerprint is pinned; see there. */
const PINNED_HOST_KEY_PROGRAM = fileURLToPath(new URL('./pinned-host-key.js', import.meta.url));

/**
 * Says where `ssh` finds the keys of a host. A pin leaves a file with that key alone, beside the keys that known_hosts
 * files revoke for the host.
 *
 * @param folder a private one that lives as long as the connection is being made
 * @param index tells the hosts on one way apart
 * @throws TunnelError `bad-destination` for a pin that is none
 */
export async function prepareHostKeySource(
  destination: ResolvedDestination,
  {
    folder,
    index,
    signal,
  }: { readonly folder: string; readonly index: number; readonly signal: AbortSignal },
): Promise<HostKeySource> {
  if (destination.hostKey === undefined) return { kind: 'known-hosts' };
  const { pin, known } = await readTrust(destination, { signal });
  const revoked = known.revoked.map(
    ({ type, key }) => `@revoked ${PINNED_NAME} ${type} ${key.toString('base64')}`,
  );
  const pinned = pin?.kind === 'key' ? [`${PINNED_NAME} ${pin.type} ${pin.key.toString('base64')}`] : [];
  const file = join(folder, `known_hosts${index}`);
  await writeFile(file, [...revoked, ...pinned, ''].join('\n'), { mode: 0o600, signal });
  if (pin?.kind !== 'fingerprint') return { kind: 'file', name: PINNED_NAME, file };
  const words = [process.execPath, PINNED_HOST_KEY_PROGRAM, pin.fingerprint, PINNED_NAME];
  const command = [...words.map(commandWord), '%f', '%t', '%K'].join(' ');
  return { kind: 'command', name: PINNED_NAME, file, command };
}

/** A word of a command in ssh_config(5): `ssh` splits them like a shell, and runs it without one. */
function commandWord(word: string): string {
  const escaped = word.replaceAll('%', '%%').replace(/["\\]/g, '\\$&');
  return /[\s"'\\]/.test(word) ? `"${escaped}"` : escaped;
}
