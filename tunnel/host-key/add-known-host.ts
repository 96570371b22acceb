import { randomBytes } from 'node:crypto';
import { mkdir, open } from 'node:fs/promises';
import path from 'node:path';
import { readWithoutBlocking } from '../files/read-without-blocking.js';
import { isMissing } from '../files/system-error-code.js';
import { formatKnownHostsLine, type KnownHostsLine, parseKnownHosts } from './known-hosts.js';

const SALT_BYTES = 20;
const NEWLINE = 0x0a;
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * Adds a host's key to a known_hosts file, which is created (0600, its directory 0700) if missing; does nothing if the file
 * already has the key under this name. Concurrent writers tear no line: each line is one appending write.
 *
 * @param name `host` or `[host]:port`, in lower case
 */
export async function addKnownHost(
  file: string,
  name: string,
  key: Buffer,
  { hashed }: { readonly hashed: boolean },
): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const before = await readIfThere(file);
  const stands = ({ marker, isCertificate, key: other }: KnownHostsLine) =>
    marker === undefined && !isCertificate && other.equals(key);
  if (parseKnownHosts(before, file, { names: [name] }).some(stands)) return;

  const line = formatKnownHostsLine(name, key, hashed ? randomBytes(SALT_BYTES) : undefined);
  const isLastLineOpen = before.length > 0 && before.at(-1) !== NEWLINE;
  await using handle = await open(file, 'a', 0o600);
  await handle.write(Buffer.from(`${isLastLineOpen ? '\n' : ''}${line}\n`));
}

async function readIfThere(file: string): Promise<Buffer> {
  try {
    return (await readWithoutBlocking(file, { maxBytes: MAX_BYTES })).content;
  } catch (error) {
    if (isMissing(error)) return Buffer.alloc(0);
    throw error;
  }
}
