import { lstatSync, statSync } from 'node:fs';

/** What of a file changes when it does. */
function signatureOf(file: string): string {
  return [lstatSync, statSync].map((look) => lookWith(look, file)).join(' ');
}

function lookWith(look: typeof statSync, file: string): string {
  const status = look(file, { bigint: true, throwIfNoEntry: false });
  if (status === undefined) return '-';
  const { dev, ino, size, mtimeNs, ctimeNs, mode, uid } = status;
  return [dev, ino, size, mtimeNs, ctimeNs, mode, uid].join(':');
}

const CHANGED = 'how the fleet is reached, or whom to trust, has changed since it was started';

/** What a forward's trust rests on. */
export interface Standing {
  /** Equal texts mean that nothing has changed. */
  readonly text: string;
  /** Host keys that must stay accepted; others may be added to them. */
  readonly accepted: readonly string[];
  /** Host keys to which none may be added. */
  readonly revoked: readonly string[];
  /** The files that it was read from, and those that could be added to them. */
  readonly files: readonly string[];
}

/**
 * Notices when what a forward's trust rests on is not what it was: cheap as long as none of its files has changed, so that it can
 * be asked at each use.
 */
export class TrustWatch {
  readonly #read: () => Promise<Standing>;
  readonly #first: Standing;
  /** Of the files before they were read last; of none at first, since they may have changed while they were read. */
  #signature: string | undefined;
  #files: readonly string[];
  #checking: Promise<string | undefined> | undefined;

  /** @param read reads everything again; an error means that the trust is gone */
  constructor(first: Standing, read: () => Promise<Standing>) {
    this.#read = read;
    this.#first = first;
    this.#files = first.files;
  }

  /** Why the forward must end; undefined if it may go on. */
  problem(): Promise<string | undefined> {
    this.#checking ??= this.#check().finally(() => {
      this.#checking = undefined;
    });
    return this.#checking;
  }

  async #check(): Promise<string | undefined> {
    const before = this.#files.map(signatureOf).join('\n');
    if (before === this.#signature) return undefined;
    try {
      const now = await this.#read();
      if (!stillHolds(this.#first, now)) return CHANGED;
      const { files } = now;
      const areSame = files.join('\0') === this.#files.join('\0');
      this.#files = files;
      this.#signature = areSame ? before : undefined;
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }
}

/** Whether what a forward began with is still so. */
function stillHolds(first: Standing, now: Standing): boolean {
  const isAccepted = first.accepted.every((key) => now.accepted.includes(key));
  const isRevoked = now.revoked.some((key) => !first.revoked.includes(key));
  return first.text === now.text && isAccepted && !isRevoked;
}
