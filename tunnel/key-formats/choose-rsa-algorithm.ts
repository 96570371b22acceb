/** The signature algorithms of RSA keys (RFC 8332 §3), in OpenSSH's order. */
const HASHES: ReadonlyMap<string, 'sha256' | 'sha512'> = new Map([
  ['rsa-sha2-512', 'sha512'],
  ['rsa-sha2-256', 'sha256'],
]);

/**
 * Chooses the signature algorithm of the RSA keys of one connection. A host announces what it can verify, not always what it
 * accepts: keys that it refuses with one algorithm may be offered again, in another round, with the next.
 */
export class RsaAlgorithms {
  /** From 0. */
  round = 0;
  #listed: readonly string[] | undefined;

  /** Takes what the host announces (`server-sig-algs`). */
  learn(listed: readonly string[]): void {
    this.#listed ??= listed;
  }

  /** How many rounds there can be. */
  get rounds(): number {
    return this.#common?.length ?? 2;
  }

  /** The algorithm of a key in this round. `bySsh2` is what ssh2 would choose. */
  choose(key: object, bySsh2: string | undefined): string | undefined {
    if (!isRsa(key)) return bySsh2;
    const common = this.#common ?? [bySsh2, bySsh2 === 'rsa-sha2-512' ? 'rsa-sha2-256' : 'rsa-sha2-512'];
    return common[this.round] ?? bySsh2;
  }

  /** Undefined if the host announces nothing. */
  get #common(): readonly string[] | undefined {
    const common = this.#listed && [...HASHES.keys()].filter((name) => this.#listed?.includes(name));
    return common?.length === 0 ? ['ssh-rsa'] : common;
  }
}

/** The hash of an RSA signature algorithm; undefined for others. */
export function hashOf(algorithm: string | undefined): 'sha256' | 'sha512' | undefined {
  return HASHES.get(algorithm ?? '');
}

export function isRsa(key: object): boolean {
  return 'type' in key && key.type === 'ssh-rsa';
}
