// The only door to the package age-encryption, which is loaded when it is needed: few commands and few hosts do.

/** Makes the key with which one host decrypts: the identity, and the recipient to encrypt to. */
export async function createIdentity(): Promise<{ readonly identity: string; readonly recipient: string }> {
  const { generateX25519Identity, identityToRecipient } = await import('age-encryption');
  const identity = await generateX25519Identity();
  return { identity, recipient: await identityToRecipient(identity) };
}

/** Encrypts to several recipients, each of which can decrypt it alone. @returns base64 */
export async function encrypt(plain: Uint8Array, recipients: Iterable<string>): Promise<string> {
  const { Encrypter } = await import('age-encryption');
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  return Buffer.from(await encrypter.encrypt(plain)).toString('base64');
}

/** @throws Error for what was not encrypted to this identity, or is damaged; its message holds nothing of the content */
export async function decrypt(ciphertext: string, identity: string): Promise<Buffer> {
  const { Decrypter } = await import('age-encryption');
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  return Buffer.from(await decrypter.decrypt(Buffer.from(ciphertext, 'base64')));
}
