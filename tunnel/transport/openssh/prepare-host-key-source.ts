import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hashedName, type KnownHostsLine } from '../../host-key/known-hosts.js';
import { readHostKeyTrust } from '../../host-key/read-host-key-trust.js';
import type { ResolvedDestination } from '../../ssh-config/resolved-destination.js';
import type { HostKeySource } from './ssh-arguments.js';

/** The name of pinned keys in known_hosts files: `ssh` looks it up instead of the host's. */
const PINNED_NAME = 'pinned-by-hawser';

const SALT_BYTES = 20;

/** The KnownHostsCommand for pinned fingerprints. */
const PINNED_HOST_KEY_PROGRAM = fileURLToPath(new URL('./print-pinned-key.js', import.meta.url));

/**
 * Prepares where `ssh` finds the keys of a host. For pins, that is a file with only these keys and the keys that known_hosts
 * files revoke for the host. Without pins, the file revokes them under the exact name that `ssh` looks up: by itself it
 * would ignore revocations under the name without the port.
 *
 * @param folder a private directory that lives until the connection is made
 * @param index the position of the host on the route
 * @throws TunnelError as `readTrust`
 */
export async function prepareHostKeySource(
  destination: ResolvedDestination,
  {
    folder,
    index,
    signal,
  }: { readonly folder: string; readonly index: number; readonly signal: AbortSignal },
): Promise<HostKeySource> {
  const { pins, known } = await readHostKeyTrust(destination, { signal });
  const file = join(folder, `known_hosts${index}`);
  const write = (lines: readonly string[]) =>
    writeFile(file, [...lines, ''].join('\n'), { mode: 0o600, signal });
  if (pins === undefined) {
    if (known.revoked.length === 0) return { kind: 'known-hosts' };
    // Hashed, so that no character of a name has a special meaning.
    const name = hashedName(known.name, randomBytes(SALT_BYTES));
    await write(known.revoked.map((line) => revocation(name, line)));
    return { kind: 'known-hosts', file };
  }
  const revoked = known.revoked.map((line) => revocation(PINNED_NAME, line));
  const pinned = pins.flatMap((pin) =>
    pin.kind === 'key' ? [`${PINNED_NAME} ${pin.type} ${pin.key.toString('base64')}`] : [],
  );
  await write([...revoked, ...pinned]);
  const fingerprints = pins.flatMap((pin) => (pin.kind === 'fingerprint' ? [pin.fingerprint] : []));
  if (fingerprints.length === 0) return { kind: 'file', name: PINNED_NAME, file };
  const words = [process.execPath, PINNED_HOST_KEY_PROGRAM, fingerprints.join(','), PINNED_NAME];
  const command = [...words.map(commandWord), '%f', '%t', '%K'].join(' ');
  return { kind: 'command', name: PINNED_NAME, file, command };
}

function revocation(name: string, { type, key }: KnownHostsLine): string {
  return `@revoked ${name} ${type} ${key.toString('base64')}`;
}

/** A word of a command in ssh_config(5): `ssh` splits them like a shell, and runs it without one. */
function commandWord(word: string): string {
  const escaped = word.replaceAll('%', '%%').replace(/["\\]/g, '\\$&');
  return /[\s"'\\]/.test(word) ? `"${escaped}"` : escaped;
}
