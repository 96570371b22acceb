import type { ParsedKey } from 'ssh2';

/** What RSA keys sign with, which their type does not say (RFC 8332 §3), in OpenSSH's order. */
const HASHES: ReadonlyMap<string, 'sha256' | 'sha512'> = new Map([
  ['rsa-sha2-512', 'sha512'],
  ['rsa-sha2-256', 'sha256'],
]);

/**
 * What the RSA keys of one connection sign with. A host says what it can verify, not always what it accepts: keys that
 * it refuses with one algorithm may be offered again, in another round, with the next.
 */
export class RsaAlgorithms {
  /** From 0. */
  round = 0;
  #listed: readonly string[] | undefined;

  /** What the host says that it verifies (`server-sig-algs`). */
  learn(listed: readonly string[]): void {
    this.#listed ??= listed;
  }

  /** How many rounds there can be. */
  get rounds(): number {
    return this.#common?.length ?? 2;
  }

  /** What a key signs with in this round. `bySsh2` is what ssh2 would take. */
  choose(key: object, bySsh2: string | undefined): string | undefined {
    if (!isRsa(key)) return bySsh2;
    const common = this.#common ?? [bySsh2, bySsh2 === 'rsa-sha2-512' ? 'rsa-sha2-256' : 'rsa-sha2-512'];
    return common[this.round] ?? bySsh2;
  }

  /** Undefined where the host says nothing. */
  get #common(): readonly string[] | undefined {
    const common = this.#listed && [...HASHES.keys()].filter((name) => this.#listed?.includes(name));
    return common?.length === 0 ? ['ssh-rsa'] : common;
  }
}

/** The hash of a signature algorithm, where the type of the key does not decide. */
export function hashOf(algorithm: string | undefined): 'sha256' | 'sha512' | undefined {
  return HASHES.get(algorithm ?? '');
}

export function isRsa(key: object): key is ParsedKey {
  return 'type' in key && key.type === 'ssh-rsa';
}
