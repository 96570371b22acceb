import type { AnyAuthMethod, AuthHandlerMiddleware } from 'ssh2';
import { fingerprintOf } from '../../../../base/key-formats/parse-public-key.js';
import type { Identity } from '../../../identity/read-identity-files.js';
import { RsaAlgorithms } from '../../../key-formats/choose-rsa-algorithm.js';
import { obeyAddKeysToAgent } from '../../../ssh-agent/obey-add-keys-to-agent.js';
import type { ResolvedDestination } from '../../../ssh-config/resolved-destination.js';
import { InteractiveMethods } from './interactive-methods.js';
import type { LoginMethod, LoginOptions } from './login-method.js';
import { offerIdentity } from './offer-identity.js';

/** Where a host wants more than keys, repeating keys must not use up the attempts that it allows (sshd: 6). */
const MAX_KEY_ATTEMPTS = 4;

/** The login of one connection: what it offers the host, in OpenSSH's order, and what the host refused. */
export class Ssh2Login {
  readonly #destination: ResolvedDestination;
  readonly #options: LoginOptions;
  #identities: Identity[];
  /** RSA keys that the host refused; in the next round they sign with another algorithm. */
  #again: Identity[] = [];
  readonly #answered: InteractiveMethods;
  readonly #refused: string[] = [];
  #offered: LoginMethod | undefined;
  /** The last one with a key that the host did not refuse. */
  #accepted: LoginMethod | undefined;
  #identity: Identity | undefined;
  #attempts = 0;
  #accepts: readonly string[] = [];
  /** Whether `accepts` is up to date: the host sends it only when it refuses something. */
  #isSure = false;
  #mustProbe = false;

  /** The signature algorithms of RSA keys. */
  readonly rsa = new RsaAlgorithms();

  constructor(
    destination: ResolvedDestination,
    identities: readonly Identity[],
    options: Omit<LoginOptions, 'rsa'>,
  ) {
    this.#destination = destination;
    this.#options = { ...options, rsa: this.rsa };
    this.#identities = [...identities];
    this.#answered = new InteractiveMethods(destination, this.#options);
  }

  /** Identities and methods that the host refused so far. */
  get tried(): readonly string[] {
    const name = this.#offered?.name;
    return name === undefined || this.isRepeating ? this.#refused : [...this.#refused, name];
  }

  /** Whether everything was offered once already. */
  get isRepeating(): boolean {
    return this.rsa.round > 0;
  }

  /** Authentication methods that the host would accept next. */
  get accepts(): readonly string[] {
    return this.#accepts;
  }

  /** Whether the host was sent a password or answers. */
  get hasToldSecret(): boolean {
    return this.#answered.hasAnswered;
  }

  /** For ssh2: what to try next. */
  handler(): AuthHandlerMiddleware {
    return (accepts: readonly string[] | null, isPartial: boolean | null, next) => {
      // The types lack `false`, which means that nothing is left to try.
      const go = next as (method: AnyAuthMethod | false) => void;
      this.#learn(accepts, isPartial === true);
      this.#choose().then(
        (method) => {
          if (this.#options.signal.aborted) return;
          this.#offered = method;
          go(method?.method ?? false);
        },
        (reason: unknown) => this.#options.onFailed(reason),
      );
    };
  }

  /** After login: the fingerprint of the key that the host accepted, perhaps beside something else. */
  get keyFingerprint(): string | undefined {
    const key = this.#offered?.publicKey ?? this.#accepted?.publicKey;
    return key && fingerprintOf(key);
  }

  /** Call this after login. */
  succeeded(): void {
    this.#answered.succeeded();
  }

  /** Call this after login: adds the key that was accepted to the SSH agent, if ssh_config says so. */
  async addKeyToAgent(): Promise<void> {
    const key = this.#offered?.privateKey?.();
    const file = this.#offered?.name;
    if (key !== undefined && file !== undefined)
      await obeyAddKeysToAgent(key, file, this.#destination, this.#options);
  }

  #learn(accepts: readonly string[] | null, isPartial: boolean): void {
    const offered = this.#offered;
    this.#offered = undefined;
    const signature = offered?.signature?.();
    const isTaken = isPartial || signature === 'given';
    if (isTaken && offered?.publicKey !== undefined) this.#accepted = offered;
    if (offered?.name !== undefined && !isTaken) {
      const name = signature === 'failed' ? `${offered.name} (it could not sign)` : offered.name;
      if (!this.isRepeating || !this.#refused.includes(name)) this.#refused.push(name);
      if (offered.isRsa && this.#identity && signature !== 'failed') this.#again.push(this.#identity);
    }
    if (signature !== undefined) {
      // ssh2 does not expose what the host said. If it accepted the key, it wants something more: ask what.
      this.#mustProbe = isTaken;
    } else if (accepts !== null) {
      this.#accepts = accepts;
      this.#isSure = true;
      this.#mustProbe = false;
    }
  }

  /** Starts with a key, unless ssh_config says otherwise: probing with `none`, as OpenSSH does, costs a round trip. */
  async #choose(): Promise<LoginMethod | undefined> {
    const { authMethods, user } = this.#destination;
    const probe: LoginMethod = { method: { type: 'none', username: user } };
    if (this.#mustProbe || (!this.#isSure && authMethods[0] !== 'publickey')) return probe;
    for (const name of authMethods) {
      const method =
        name === 'publickey' ? await this.#nextKey() : await this.#answered.next(name, this.#accepts);
      if (method) return method;
    }
    return this.#isSure ? undefined : probe;
  }

  async #nextKey(): Promise<LoginMethod | undefined> {
    if (this.#isSure && !this.#accepts.includes('publickey')) return undefined;
    for (;;) {
      const identity = this.#identities.shift() ?? this.#repeated();
      if (identity === undefined) return undefined;
      const method = await offerIdentity(identity, this.#destination, this.#options);
      this.#identity = identity;
      this.#attempts += 1;
      if (method) return method;
    }
  }

  /** An RSA key to offer again, once nothing else is left to offer and it is known what else the host accepts. */
  #repeated(): Identity | undefined {
    const { methods } = this.#answered;
    if (methods.length > 0 && !this.#isSure) return undefined;
    if (this.rsa.round + 1 >= this.rsa.rounds) return undefined;
    const hasMore = methods.some((name) => this.#accepts.includes(name));
    const left = hasMore ? Math.max(0, MAX_KEY_ATTEMPTS - this.#attempts) : this.#again.length;
    this.rsa.round += 1;
    this.#identities = this.#again.slice(0, left);
    this.#again = [];
    return this.#identities.shift();
  }
}
