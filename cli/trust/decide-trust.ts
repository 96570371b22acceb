import { shellWord } from '../../tunnel/exec/shell-command.js';
import { isOurFile } from '../system/is-our-file.js';
import type { ConnectionKey } from './connection-settings.js';
import type { TrustedFolder } from './trusted-folders.js';

/** A `hawser.yaml` that was found in a directory and has connection keys. */
export interface FolderConfig {
  readonly file: string;
  /** The directory that holds it, absolute and without links. */
  readonly folder: string;
  readonly owners: readonly number[];
  readonly keys: readonly ConnectionKey[];
  /** Of the keys as they are now. */
  readonly digest: string;
}

/** Whether the keys of a directory's file count. */
export type TrustVerdict =
  | { readonly kind: 'trusted' }
  | { readonly kind: 'unknown' | 'changed'; readonly message: string }
  | { readonly kind: 'not-yours'; readonly message: string };

/**
 * Decides by what is remembered about the directory.
 * @param used the keys that this call would use, for the message
 */
export function decideTrust(
  config: FolderConfig,
  remembered: TrustedFolder | undefined,
  used: readonly string[],
): TrustVerdict {
  if (!config.owners.every(isOurFile)) return { kind: 'not-yours', message: notYours(config) };
  if (remembered?.digest === config.digest) return { kind: 'trusted' };
  const isChanged = remembered !== undefined;
  const why = isChanged
    ? 'its settings, or the files that they name, have changed since you trusted this directory'
    : 'you have not trusted this directory';
  const message = `${config.file} decides how to reach the fleet (${used.join(', ')}), but ${why}. Read it, then run: ${trustCommand(config.folder)}`;
  return { kind: isChanged ? 'changed' : 'unknown', message };
}

/** The command that allows it. */
function trustCommand(folder: string): string {
  return `hawser trust ${shellWord(folder)}`;
}

function notYours({ file, owners }: FolderConfig): string {
  const other = owners.find((owner) => !isOurFile(owner));
  return `${file} decides how to reach the fleet, but it belongs to another user (uid ${other}), who could redirect your connections. Pass the connection flags yourself, or name the file with --config if you trust it.`;
}
