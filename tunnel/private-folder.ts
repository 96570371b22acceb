import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Folders to remove when the process ends without closing what owns them. */
const open = new Set<string>();

/** Makes a fresh folder that only this user can enter. It is removed on exit, or by {@link removePrivateFolder}. */
export function makePrivateFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'hawser-'));
  chmodSync(folder, 0o700);
  if (open.size === 0) process.on('exit', removeAll);
  open.add(folder);
  return folder;
}

/** Removes the folder and what is in it; idempotent. */
export function removePrivateFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  open.delete(folder);
  if (open.size === 0) process.off('exit', removeAll);
}

function removeAll(): void {
  for (const folder of open) rmSync(folder, { recursive: true, force: true });
}
