import type { Client } from '../../world/client/client.js';
import type { Member } from '../../world/client/member-types.js';
import type { ClientWorld } from '../../world/client-world.js';
import { WorldError } from '../../world/errors.js';
import type { FleetTarget } from './merge-target.js';

/** Who answers at one address. */
interface OpenedMember {
  readonly memberId: string;
  readonly world: ClientWorld;
}

/** Opens the World at one address. */
export type OpenAt = (url: string) => Promise<ClientWorld>;

/** Reaches each member of a cluster by itself, at an address where that member answers; closes what it opened. */
export class MemberClients implements AsyncDisposable {
  readonly #target: FleetTarget;
  readonly #openAt: OpenAt;
  readonly #signal: AbortSignal;
  readonly #asked = new Map<string, Promise<OpenedMember>>();

  constructor(target: FleetTarget, openAt: OpenAt, signal: AbortSignal) {
    this.#target = target;
    this.#openAt = openAt;
    this.#signal = signal;
  }

  /** @throws WorldError `unavailable` when the member answers at none of the seeds and of its own client URLs. */
  async reach({ id, name, clientUrls }: Member): Promise<Client> {
    let trouble = '';
    for (const url of new Set([...this.#target.seeds, ...clientUrls])) {
      try {
        const { memberId, world } = await this.#ask(url);
        if (memberId === id) return world.client;
      } catch (error) {
        this.#signal.throwIfAborted();
        if (!(error instanceof Error)) throw error;
        if (clientUrls.includes(url)) trouble = ` ${error.message}`;
      }
    }
    const message = `Cannot reach the etcd server of ${name} from here: run this on its host, or name that host with --ssh-url.${trouble}`;
    throw new WorldError('unavailable', message);
  }

  /** Each address is asked once. */
  #ask(url: string): Promise<OpenedMember> {
    const asked = this.#asked.get(url) ?? this.#answerAt(url);
    this.#asked.set(url, asked);
    return asked;
  }

  async #answerAt(url: string): Promise<OpenedMember> {
    const world = await this.#openAt(url);
    try {
      const call = { signal: this.#signal, timeoutMs: this.#target.timeoutMs };
      const { memberId } = await world.client.cluster.status(undefined, call);
      return { memberId, world };
    } catch (error) {
      await world.close();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const asked of this.#asked.values()) {
      const answer = await asked.catch(() => undefined); // told when it was asked
      await answer?.world.close();
    }
  }
}
