import type { ServiceError } from '@grpc/grpc-js';
import { type Host, stubOf } from './internals/etcd3.js';
import { Metadata, status } from './internals/grpc-js.js';

/** How long one server may take to check the password; another is tried then. */
const ANSWER_TIMEOUT_MS = 4000;

/** A user of an etcd that has authentication switched on (https://etcd.io/docs/v3.5/op-guide/authentication/). */
export interface EtcdUser {
  readonly name: string;
  /** The password, or what gets it when it is needed; that is asked once. */
  readonly password: string | (() => Promise<string>);
}

interface AuthStub {
  authenticate(
    request: { readonly name: string; readonly password: string },
    metadata: Metadata,
    options: { readonly deadline: number },
    callback: (error: ServiceError | null, reply: { readonly token: string }) => void,
  ): unknown;
}

interface SharedToken {
  readonly coming: Promise<string | undefined>;
  /** Once it has come. */
  token: string | undefined;
}

/** By what a client is known to etcd: a user whose token goes with each call, the name in its certificate, or nothing. */
export class Login {
  readonly #user: EtcdUser | undefined;
  readonly #certFile: string | undefined;
  #password: Promise<string> | undefined;
  #shared: SharedToken | undefined;

  constructor(user?: EtcdUser, certFile?: string) {
    this.#user = user;
    this.#certFile = certFile;
  }

  get needsToken(): boolean {
    return this.#user !== undefined;
  }

  /**
   * The token for the next call, which all calls share until etcd no longer takes it; undefined without a user, and at
   * an etcd that has authentication switched off. Rejects with the gRPC error of the server that was asked, or with
   * what the password failed with.
   */
  token(host: Host): Promise<string | undefined> {
    if (this.#user === undefined) return Promise.resolve(undefined);
    this.#shared ??= this.#share(this.#authenticate(host, this.#user));
    return this.#shared.coming;
  }

  /** A token that etcd took and takes no longer: it is not given again. */
  forget(token: string | undefined): void {
    if (this.#shared !== undefined && this.#shared.token === token) this.#shared = undefined;
  }

  /** What a person can do about a refusal. */
  advice(details: string): string {
    if (/authentication failed|invalid user ID or password/.test(details))
      return `etcd does not know the user ${this.#user?.name ?? ''} by this password`;
    // What etcd says where only its administrators may, of its members and its data as a whole.
    if (/^auth: permission denied/.test(details))
      return `This takes a user of etcd with the role root${this.#user === undefined ? '' : `, which ${this.#user.name} lacks`}: give one (--user)`;
    if (this.#user !== undefined)
      return `The user ${this.#user.name} of etcd lacks this right: grant it with "etcdctl role grant-permission"`;
    if (this.#certFile !== undefined && !/user name is empty/.test(details))
      return (
        `etcd takes the common name of the certificate ${this.#certFile} as its user, which lacks this right: ` +
        'grant it with "etcdctl role grant-permission", or use another user (--user)'
      );
    return 'etcd has authentication switched on and this client has no user: give one (--user)';
  }

  #share(coming: Promise<string | undefined>): SharedToken {
    const shared: SharedToken = { coming, token: undefined };
    coming.then(
      (token) => {
        shared.token = token;
      },
      () => {
        if (this.#shared === shared) this.#shared = undefined;
      },
    );
    return shared;
  }

  async #authenticate(host: Host, { name, password: source }: EtcdUser): Promise<string | undefined> {
    this.#password ??= Promise.resolve(typeof source === 'string' ? source : source());
    const password = await this.#password;
    try {
      return await callAuthenticate(stubOf<AuthStub>(host, 'Auth'), { name, password });
    } catch (error) {
      // As etcdctl does: where nobody has to say who they are, it need not be known.
      if ((error as ServiceError).code === status.FAILED_PRECONDITION) return undefined;
      throw error;
    }
  }
}

/** Whether etcd refused a call for its token alone, and would take it with a new one; nothing was applied. */
export function isStaleToken({ code, details }: Pick<ServiceError, 'code' | 'details'>): boolean {
  return (code === status.UNAUTHENTICATED || code === status.INVALID_ARGUMENT) && isStaleReason(details);
}

/** The same by the words alone, which is all that a refused watch comes with. */
export function isStaleReason(reason: string): boolean {
  return /invalid auth token|revision of auth store is old/.test(reason);
}

function callAuthenticate(
  stub: AuthStub,
  request: { readonly name: string; readonly password: string },
): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { deadline: Date.now() + ANSWER_TIMEOUT_MS };
    stub.authenticate(request, new Metadata(), options, (error, reply) => {
      if (error) reject(error);
      else resolve(reply.token);
    });
  });
}
