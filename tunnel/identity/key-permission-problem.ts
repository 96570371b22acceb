import { shellWord } from '../exec/shell-command.js';

/**
 * Why a private key must not be used: others can read this user's own key. As with OpenSSH, another user's key is theirs to
 * guard.
 */
export function permissionProblemOf(
  file: string,
  { uid, mode }: { readonly uid: number; readonly mode: number },
  ourUid = process.getuid?.(),
): string | undefined {
  if (uid !== ourUid || (mode & 0o077) === 0) return undefined;
  return tooOpenMessage(file, `0${(mode & 0o777).toString(8).padStart(3, '0')}`);
}

/** OpenSSH's message, and what to do. */
export function tooOpenMessage(file: string, permissions: string): string {
  return `Permissions ${permissions} for '${file}' are too open. It is required that your private key files are NOT accessible by others: run chmod 600 ${shellWord(file)}`;
}
