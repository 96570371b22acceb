import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { AGE_RECIPIENT, createIdentity } from '../../../world/internal.js';
import { writeWholeFile } from '../releases/write-whole-file.js';

interface KeyPair {
  readonly identity: string;
  readonly recipient: string;
}

const IDENTITY = /^AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58}$/m;

/**
 * The key with which this host decrypts secrets: `secrets/identity` in the agent's prefix, in the format of `age-keygen`. It
 * is made when it is needed first, and never leaves the host.
 */
export class HostIdentity {
  readonly #file: string;
  #known: Promise<KeyPair> | undefined;

  constructor(prefix: string) {
    this.#file = path.join(prefix, 'secrets', 'identity');
  }

  /** The key pair. @throws Error for a file that cannot be read, or is damaged; nothing is made in its place */
  get(): Promise<KeyPair> {
    this.#known ??= this.#load().catch((error: unknown) => {
      this.#known = undefined; // a person may mend it
      throw error;
    });
    return this.#known;
  }

  async #load(): Promise<KeyPair> {
    const found = await readFile(this.#file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (found === undefined) return this.#create();
    const [identity] = IDENTITY.exec(found) ?? [];
    const [, recipient = ''] = /^# public key: (\S+)$/m.exec(found) ?? [];
    if (identity === undefined || !AGE_RECIPIENT.test(recipient))
      throw new Error(
        `${this.#file}, with which this host decrypts secrets, is damaged: restore it; or delete it, restart the agent, and set all secrets again`,
      );
    return { identity, recipient };
  }

  async #create(): Promise<KeyPair> {
    const pair = await createIdentity();
    await mkdir(path.dirname(this.#file), { recursive: true, mode: 0o700 });
    await writeWholeFile(this.#file, `# public key: ${pair.recipient}\n${pair.identity}`);
    return pair;
  }
}
