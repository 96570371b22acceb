import type { Client } from 'ssh2';

/** What RSA keys sign with, which their type does not say (RFC 8332 §3). */
const RSA_HASHES: ReadonlyMap<string, string> = new Map([
  ['rsa-sha2-256', 'sha256'],
  ['rsa-sha2-512', 'sha512'],
]);

type Sign = (data: Buffer, signed: (signature: Buffer) => void) => void;
type AuthPk = (username: string, key: object, algorithm?: string, sign?: Sign) => void;

/**
 * Makes a client that is connecting send the signature along with the key, instead of asking first whether the host
 * would take the key (RFC 4252 §7 allows both), which saves a round trip. Only keys that we hold unlocked sign at
 * once; agents' keys and locked ones are asked about first, because their signature may take a person.
 *
 * ssh2 has no option for it; where its inside is not as expected, the host is asked first.
 */
export function signAtOnce(client: Client): void {
  const protocol: unknown = Reflect.get(client, '_protocol');
  if (typeof protocol !== 'object' || protocol === null) return;
  const authPk: unknown = Reflect.get(protocol, 'authPK');
  if (typeof authPk !== 'function') return;
  const request: AuthPk = (username, key, algorithm, sign) => {
    const ask = () => Reflect.apply(authPk, protocol, [username, key, algorithm]);
    if (sign) Reflect.apply(authPk, protocol, [username, key, algorithm, sign]);
    else if (!holdsPrivateKey(key)) ask();
    else {
      const signNow: Sign = (data, signed) => {
        const signature = key.sign(data, RSA_HASHES.get(algorithm ?? ''));
        // Once asked for after the host took the key, the same failure is reported as what it is.
        if (signature instanceof Error) ask();
        else signed(signature);
      };
      Reflect.apply(authPk, protocol, [username, key, algorithm, signNow]);
    }
  };
  Reflect.set(protocol, 'authPK', request);
}

interface PrivateKey {
  sign(data: Buffer, hash: string | undefined): Buffer | Error;
}

function holdsPrivateKey(key: object): key is PrivateKey {
  return 'isPrivateKey' in key && typeof key.isPrivateKey === 'function' && key.isPrivateKey() === true;
}
