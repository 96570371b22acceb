import { type Host, stubOf } from './internals/etcd3.js';
import type { ServiceError } from './internals/grpc-js.js';
import { Metadata, status } from './internals/grpc-js.js';

/** How long one server may take to check the password before another is tried. */
const ANSWER_TIMEOUT_MS = 4000;

/** A user of an etcd with authentication enabled (https://etcd.io/docs/v3.5/op-guide/authentication/). */
export interface EtcdUser {
  readonly name: string;
  /** The password, or a function that returns it, which is called at most once, when needed. */
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
  readonly promise: Promise<string | undefined>;
  /** Undefined until the promise has resolved. */
  token: string | undefined;
}

/** How a client authenticates to etcd: as a user, by a token sent with each call; by its certificate; or not at all. */
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
   * The token for the next call, shared by all calls until etcd no longer accepts it; undefined without a user, and for
   * an etcd with authentication disabled. Rejects with the gRPC error of the server asked, or with the error of the
   * password function.
   */
  token(host: Host): Promise<string | undefined> {
    if (this.#user === undefined) return Promise.resolve(undefined);
    this.#shared ??= this.#share(this.#authenticate(host, this.#user));
    return this.#shared.promise;
  }

  /** Drops a token that etcd no longer accepts. */
  forget(token: string | undefined): void {
    if (this.#shared !== undefined && this.#shared.token === token) this.#shared = undefined;
  }

  /** What the operator can do about a refusal. */
  advice(details: string): string {
    if (/authentication failed|invalid user ID or password/.test(details))
      return `etcd rejects this name and password of the user ${this.#user?.name ?? ''}`;
    // etcd's answer to calls on its members and the whole data, which only administrators may make.
    if (/^auth: permission denied/.test(details))
      return `This needs an etcd user with the role root${this.#user === undefined ? '' : `, which ${this.#user.name} lacks`}: pass one (--user)`;
    if (this.#user !== undefined)
      return `The etcd user ${this.#user.name} lacks this permission: grant it with "etcdctl role grant-permission"`;
    if (this.#certFile !== undefined && !/user name is empty/.test(details))
      return (
        `etcd uses the common name of the certificate ${this.#certFile} as the user, which lacks this permission: ` +
        'grant it with "etcdctl role grant-permission", or use another user (--user)'
      );
    return 'etcd has authentication enabled and this client has no user: pass one (--user)';
  }

  #share(promise: Promise<string | undefined>): SharedToken {
    const shared: SharedToken = { promise, token: undefined };
    promise.then(
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
      // As in etcdctl: with authentication disabled the user does not matter.
      if ((error as ServiceError).code === status.FAILED_PRECONDITION) return undefined;
      throw error;
    }
  }
}

/** Whether etcd refused a call only for its token and would accept it with a new one; nothing was applied. */
export function isStaleToken({ code, details }: Pick<ServiceError, 'code' | 'details'>): boolean {
  return (code === status.UNAUTHENTICATED || code === status.INVALID_ARGUMENT) && isStaleReason(details);
}

/** The same by the text alone, which is all that a refused watch carries. */
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
