import type { AnyAuthMethod, AuthHandlerMiddleware } from 'ssh2';
import type { Identity } from './identities.js';
import type { ResolvedDestination } from './ssh-config.js';
import { offerIdentity } from './ssh2-identity.js';
import type { LoginMethod, LoginOptions } from './ssh2-login-method.js';
import { AnsweredMethods } from './ssh2-questions.js';

/** How one connection logs in: what it offers a host, in OpenSSH's order, and what came of it. */
export class Ssh2Login {
  readonly #destination: ResolvedDestination;
  readonly #options: LoginOptions;
  readonly #identities: Identity[];
  readonly #answered: AnsweredMethods;
  readonly #refused: string[] = [];
  #offered: LoginMethod | undefined;
  #accepts: readonly string[] = [];
  /** Whether `accepts` is what the host says now: it says so only when it refuses something. */
  #isSure = false;
  #mustProbe = false;

  constructor(destination: ResolvedDestination, identities: readonly Identity[], options: LoginOptions) {
    this.#destination = destination;
    this.#options = options;
    this.#identities = [...identities];
    this.#answered = new AnsweredMethods(destination, options);
  }

  /** Identities and methods offered in vain so far. */
  get tried(): readonly string[] {
    const name = this.#offered?.name;
    return name === undefined ? this.#refused : [...this.#refused, name];
  }

  /** Authentication methods that the host would go on with. */
  get accepts(): readonly string[] {
    return this.#accepts;
  }

  /** Whether the host was sent what a person knows: a password, or answers. */
  get hasToldSecret(): boolean {
    return this.#answered.hasAnswered;
  }

  /** For ssh2: what to try next. */
  handler(): AuthHandlerMiddleware {
    return (accepts: readonly string[] | null, isPartial: boolean | null, next) => {
      // Its types do not know that `false` says that there is nothing left to try.
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

  /** To be called when we are logged in. */
  succeeded(): void {
    this.#answered.succeeded();
  }

  #learn(accepts: readonly string[] | null, isPartial: boolean): void {
    const offered = this.#offered;
    this.#offered = undefined;
    const signature = offered?.signature?.();
    const isTaken = isPartial || signature === 'given';
    if (offered?.name !== undefined && !isTaken) {
      this.#refused.push(signature === 'failed' ? `${offered.name} (it could not sign)` : offered.name);
    }
    if (signature !== undefined) {
      // ssh2 keeps to itself what the host said. Where it took the key, something is left to do: ask what.
      this.#mustProbe = isTaken;
    } else if (accepts !== null) {
      this.#accepts = accepts;
      this.#isSure = true;
      this.#mustProbe = false;
    }
  }

  /** Starts with a key unless told otherwise: probing with `none`, as OpenSSH does, would cost a round trip. */
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
      const identity = this.#identities.shift();
      if (identity === undefined) return undefined;
      const method = await offerIdentity(identity, this.#destination, this.#options);
      if (method) return method;
    }
  }
}
