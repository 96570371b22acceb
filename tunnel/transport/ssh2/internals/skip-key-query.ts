import type { Client } from 'ssh2';
import { hashOf, type RsaAlgorithms } from '../../../key-formats/choose-rsa-algorithm.js';

type Sign = (data: Buffer, signed: (signature: Buffer) => void) => void;
type AuthPk = (username: string, key: object, algorithm?: string, sign?: Sign) => void;

/**
 * Makes a connecting client send the signature along with the key, instead of first asking whether the host accepts the
 * key (RFC 4252 §7 allows both), which saves a round trip. This is only for unlocked keys; the host is asked first about
 * keys in an SSH agent and locked ones, because their signature may take a person. RSA keys sign as `rsa` says.
 *
 * ssh2 has no option for either; if its internals are not as expected, the host is asked first, and ssh2 decides.
 */
export function signWithoutAsking(client: Client, rsa: RsaAlgorithms): void {
  const protocol: unknown = Reflect.get(client, '_protocol');
  if (typeof protocol !== 'object' || protocol === null) return;
  const authPk: unknown = Reflect.get(protocol, 'authPK');
  if (typeof authPk !== 'function') return;
  learnAlgorithms(protocol, rsa);
  const request: AuthPk = (username, key, bySsh2, sign) => {
    const algorithm = rsa.choose(key, bySsh2);
    const ask = () => Reflect.apply(authPk, protocol, [username, key, algorithm]);
    if (!holdsPrivateKey(key)) {
      if (sign) Reflect.apply(authPk, protocol, [username, key, algorithm, sign]);
      else ask();
      return;
    }
    const signNow: Sign = (data, signed) => {
      const signature = key.sign(data, hashOf(algorithm));
      if (!(signature instanceof Error)) signed(signature);
      // Requested after the host accepted the key, so the same failure is reported as such.
      else if (sign) sign(data, signed);
      else ask();
    };
    Reflect.apply(authPk, protocol, [username, key, algorithm, signNow]);
  };
  Reflect.set(protocol, 'authPK', request);
}

/** ssh2 does not expose the signature algorithms that the host announces. */
function learnAlgorithms(protocol: object, rsa: RsaAlgorithms): void {
  const handlers: unknown = Reflect.get(protocol, '_handlers');
  if (typeof handlers !== 'object' || handlers === null) return;
  const handle: unknown = Reflect.get(handlers, 'EXT_INFO');
  if (typeof handle !== 'function') return;
  Reflect.set(
    handlers,
    'EXT_INFO',
    (self: unknown, extensions: readonly { name: string; algs: string[] }[]) => {
      const listed = extensions.find(({ name }) => name === 'server-sig-algs');
      if (listed) rsa.learn(listed.algs);
      Reflect.apply(handle, handlers, [self, extensions]);
    },
  );
}

interface PrivateKey {
  sign(data: Buffer, hash: string | undefined): Buffer | Error;
}

function holdsPrivateKey(key: object): key is PrivateKey {
  return 'isPrivateKey' in key && typeof key.isPrivateKey === 'function' && key.isPrivateKey() === true;
}
