import { createHash } from 'node:crypto';
import { lstatSync, statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { parseEndpoint } from '../../world/client/calls/parse-endpoint.js';
import { CliError } from '../errors.js';
import { isOurFile, isOursOrRoots } from '../system/is-our-file.js';
import { isAbsent, ownStateFolder } from '../system/user-folders.js';

/** The longest path of a unix socket on all supported systems. */
const MAX_SOCKET_PATH_BYTES = 103;
const NAME_BYTES = '/0123456789abcdef-01234567.sock'.length;

/** How much of a hash names a file; the whole hash is compared by whoever answers there. */
const ID_CHARACTERS = 16;
const SEED_CHARACTERS = 8;

/** The file names of forwards' control sockets. */
export const CONTROL_NAME = /^[0-9a-f]{16}\.ctl$/;

/**
 * The directory of the sockets of forwards in the background, where every command of the same person looks: `hawser` in
 * `$XDG_RUNTIME_DIR`, else in `/run/user/UID`, else a directory of this machine in the person's state. Undefined for a
 * user without any.
 */
export function forwardsFolder(): string | undefined {
  const xdg = process.env['XDG_RUNTIME_DIR'];
  const runtime = xdg !== undefined && path.isAbsolute(xdg) ? xdg : `/run/user/${process.geteuid?.()}`;
  if (isOurFolder(runtime)) return path.join(runtime, 'hawser');
  const state = ownStateFolder();
  if (state === undefined) return undefined;
  // A home may be shared between machines, and a socket leads nowhere on another one.
  return path.join(state, `run-${createHash('sha256').update(hostname()).digest('hex').slice(0, 6)}`);
}

function isOurFolder(folder: string): boolean {
  try {
    const status = lstatSync(folder);
    return status.isDirectory() && isOurFile(status.uid) && (status.mode & 0o077) === 0;
  } catch {
    return false;
  }
}

/** Whether nobody else can enter a directory, or put another one in its place. */
export function isPrivateFolder(folder: string): boolean {
  if (!isOurFolder(folder)) return false;
  const { uid, mode } = statSync(path.dirname(folder));
  return isOursOrRoots(uid) && ((mode & 0o022) === 0 || (mode & 0o1000) !== 0);
}

/**
 * The directory for sockets, made if it is not there.
 * @throws CliError `not-yours` for one that another user could enter or replace; `usage` where there is no place for one
 */
export async function makeForwardsFolder(): Promise<string> {
  const folder = forwardsFolder();
  if (folder === undefined) {
    throw new CliError('usage', 'Your user has no home directory to keep sockets in: set XDG_RUNTIME_DIR.');
  }
  if (Buffer.byteLength(folder) + NAME_BYTES > MAX_SOCKET_PATH_BYTES) {
    const message = `The path ${folder} is too long for a socket. Set XDG_RUNTIME_DIR to a directory of your own (mode 0700) with a shorter path.`;
    throw new CliError('usage', message);
  }
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    const message = `Cannot make the directory ${folder} for sockets: ${(error as Error).message}.`;
    throw new CliError('usage', message, { cause: error });
  }
  if (isPrivateFolder(folder)) return folder;
  const message = `Other users could enter ${folder} or put something else there, so hawser keeps no sockets in it. Make it yours, with the mode 0700.`;
  throw new CliError('not-yours', message);
}

/** Where a forward with this key listens for commands. */
export function controlPath(folder: string, key: string): string {
  return path.join(folder, `${forwardId(key)}.ctl`);
}

/**
 * Where it listens for clients of a seed: the same for each forward with this key, so that it can be noted down. For TLS the
 * socket is called as the host is, in a directory of its own: etcdctl takes a socket's name for the name in the certificate.
 * @throws WorldError `invalid` for a malformed seed
 */
export function listenPath(folder: string, key: string, seed: string): string {
  const hash = createHash('sha256').update(seed).digest('hex').slice(0, SEED_CHARACTERS);
  const own = path.join(folder, `${forwardId(key)}-${hash}`);
  const endpoint = parseEndpoint(seed);
  const named = endpoint.scheme === 'https' ? path.join(own, endpoint.host) : undefined;
  const isShort = named !== undefined && Buffer.byteLength(named) <= MAX_SOCKET_PATH_BYTES;
  return isShort ? named : `${own}.sock`;
}

/** What `forward list` calls it. */
export function forwardId(key: string): string {
  return key.slice(0, ID_CHARACTERS);
}

/** Whether a path is a socket of ours, and no link. */
export function isOurSocket(file: string): boolean {
  try {
    const status = lstatSync(file);
    return status.isSocket() && isOurFile(status.uid);
  } catch (error) {
    if (isAbsent(error)) return false;
    throw error;
  }
}
