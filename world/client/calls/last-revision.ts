/** The newest revision in any of etcd's answers to this client. */
export class LastRevision {
  #revision = 0n;

  /** 0 before the first answer. */
  get revision(): bigint {
    return this.#revision;
  }

  /** Records the revision of an answer. */
  observe(reply: { readonly header?: { readonly revision?: string } }): void {
    const revision = BigInt(reply.header?.revision ?? 0);
    if (revision > this.#revision) this.#revision = revision;
  }
}
