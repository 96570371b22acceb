import { readTextIfPossible } from '../files/read-without-blocking.js';
import { identityNeedsOpenSsh, MAX_KEY_BYTES } from '../key-formats/inspect-key-file.js';
import type { ResolvedDestination } from '../ssh-config/resolved-destination.js';

/**
 * Why one of a destination's identities needs OpenSSH, as part of a sentence: it is on a FIDO token, or has a certificate.
 * Undefined when none does.
 */
export async function whyIdentityNeedsOpenSsh(
  { identityFiles, requiredIdentityFiles, defaultIdentityFiles, authMethods }: ResolvedDestination,
  { signal }: { readonly signal: AbortSignal },
): Promise<string | undefined> {
  if (!authMethods.includes('publickey')) return undefined;
  const files = new Set([...requiredIdentityFiles, ...identityFiles, ...defaultIdentityFiles]);
  const options = { maxBytes: MAX_KEY_BYTES, signal };
  for (const file of files) {
    const text = await readTextIfPossible(file, options);
    const publicHalf = await readTextIfPossible(`${file}.pub`, options);
    if (text === undefined && publicHalf === undefined) continue;
    const certificate = `${file}-cert.pub`;
    const hasCertificate = (await readTextIfPossible(certificate, options)) !== undefined;
    const certificates = hasCertificate ? [certificate] : [];
    // The public half tells whether it is on a token, the private one how it is encrypted.
    const reason = [publicHalf, text]
      .filter((half) => half !== undefined)
      .map((half) => identityNeedsOpenSsh(half, certificates))
      .find((one) => one !== undefined);
    if (reason !== undefined) return `${file} is ${reason}`;
  }
  return undefined;
}
