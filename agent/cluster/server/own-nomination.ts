import type { Log } from '../../../base/log.js';
import type { Notify } from '../../../base/notify.js';
import { type Client, MEMBER_CHANGE_INTERVAL_MS } from '../../../world/internal.js';
import type { Presence } from '../../presence.js';
import { findOwnMember } from './find-own-member.js';
import type { ServerLauncher } from './server-launcher.js';

/** How soon a nomination is looked at again whose member is not there yet. */
const POLL_MS = 100;

/** What the nomination of a host depends on. */
export interface NominationOptions {
  readonly hostname: string;
  readonly client: Client;
  readonly launcher: Pick<ServerLauncher, 'addresses'>;
  readonly presence: Presence;
  /** Notified when this host's nomination may have changed. */
  readonly wake: Notify;
  readonly log: Log;
}

/** Whether this host, which runs no server, is to become a member of the cluster. */
export class OwnNomination {
  readonly #options: NominationOptions;
  /** The member that this host was nominated as and could not become. */
  #failedMemberId: string | undefined;
  /** The earlier member of this host that the cluster must remove, once that was logged. */
  #previousMemberId: string | undefined;

  constructor(options: NominationOptions) {
    this.#options = options;
  }

  /**
   * Volunteers, and looks whether this host is nominated; where it is not, waits until that may have changed.
   * @returns the id of the member to become; undefined after the wait
   */
  async next(signal: AbortSignal): Promise<string | undefined> {
    const { client, wake, log, hostname, launcher, presence } = this.#options;
    const urls = launcher.addresses.advertisedServerUrls;
    const { member, isNominated } = await findOwnMember(client, hostname, urls, signal);
    if (member !== undefined && member.name !== '') {
      // An earlier server of this host, whose data is lost: the others must remove it first.
      if (member.id !== this.#previousMemberId)
        log('info', `waiting until the cluster has removed the earlier member of ${hostname}`);
      this.#previousMemberId = member.id;
      presence.volunteer(undefined);
      await wake.wait(MEMBER_CHANGE_INTERVAL_MS, signal);
      return undefined;
    }
    presence.volunteer(urls);
    if (member !== undefined && member.id !== this.#failedMemberId) return member.id;
    await wake.wait(isNominated && member === undefined ? POLL_MS : undefined, signal);
    return undefined;
  }

  /** This host could not become that member: it waits for another nomination. */
  giveUp(memberId: string): void {
    this.#failedMemberId = memberId;
  }
}
