import { type Deployment, parseDeployment } from '../deploys/deploy-payload.js';
import { type AllowedSigner, findSigner } from './allowed-signers.js';
import { isSignatureOf, parseSshSignature } from './ssh-signature.js';

/** What signatures of deploys are for, in the sense of `ssh-keygen -Y`. */
export const DEPLOY_NAMESPACE = 'hawser-deploy';

/** The place in a fleet's log that an entry is signed for, so that it counts nowhere else. */
export interface SignedPlace {
  readonly id: number;
  /** The uuid of the fleet. */
  readonly fleet: string;
}

/** What a person signs: the whole entry without its signature, and where it belongs. */
export function messageToSign({ id, fleet }: SignedPlace, deployment: Deployment): string {
  const { signature: _, ...unsigned } = deployment;
  return messageOf({ id, fleet }, unsigned);
}

function messageOf({ id, fleet }: SignedPlace, unsigned: object): string {
  return `hawser-deploy 1\nfleet ${fleet}\nid ${id}\n${JSON.stringify(unsigned)}\n`;
}

/** Who signed an entry, or why it does not count as signed. */
export type SignatureCheck = { readonly signedBy: string } | { readonly refusal: string };

/** Checks that one of those who may has signed an entry of the log, as it stands there, for this place. */
export function checkDeploySignature(
  payload: string,
  place: SignedPlace,
  { signers, now }: { readonly signers: readonly AllowedSigner[]; readonly now: Date },
): SignatureCheck {
  const deployment = parseDeployment(payload);
  const armoured = deployment?.signature;
  if (armoured === undefined) return { refusal: 'it is not signed' };
  const { signature: _, ...unsigned } = JSON.parse(payload) as Record<string, unknown>;
  // Else what is signed and what is applied might differ, such as in a key that is there twice.
  if (JSON.stringify({ ...unsigned, signature: armoured }) !== payload)
    return { refusal: 'it is not written as hawser writes entries' };
  const signature = parseSshSignature(armoured);
  if (signature === undefined || !isSignatureOf(signature, DEPLOY_NAMESPACE, messageOf(place, unsigned)))
    return { refusal: 'its signature is not valid for this entry of this fleet' };
  const key = signature.publicKey;
  const signedBy = findSigner(signers, { key, namespace: DEPLOY_NAMESPACE, now });
  return signedBy === undefined ? { refusal: 'the key that signed it is not allowed to' } : { signedBy };
}
