import { hostname as machineName } from 'node:os';
import type { CallOptions } from './call-options.js';
import { Client } from './client/client.js';
import { untilFleetAnswers } from './client/until-fleet-answers.js';
import { ClientWorld } from './client-world.js';
import { DEFAULT_CLIENT_URL } from './constants.js';
import { toPrefixes } from './fs/storage/file-system-prefixes.js';
import { DEFAULT_NAMESPACE } from './keys.js';
import { checkHostname } from './validate-names.js';
import { namesPrefixes, type WorldOptions } from './world-options.js';

/**
 * The World over an etcd that can be dialled directly.
 *
 * ```ts
 * await using world = await EtcdWorld.open({ seeds: ['http://127.0.0.1:2379'] });
 * ```
 */
export class EtcdWorld extends ClientWorld {
  /**
   * Opens a World and waits until a seed has answered. An abort rejects with `signal.reason`. Nothing stays open when
   * it rejects.
   * @param call `timeoutMs` limits how long the seeds may take, default `CLIENT_DIAL_TIMEOUT_MS`.
   * @throws WorldError `unavailable` when none answers in time; `other-fleet` when they do not belong to `fleet`;
   * `permission-denied` for a user that etcd does not know; `invalid` as {@link EtcdWorld.create}.
   */
  static async open(options: WorldOptions = {}, call: CallOptions = {}): Promise<EtcdWorld> {
    const world = EtcdWorld.create(options);
    try {
      await untilFleetAnswers(world.client, call);
    } catch (error) {
      await world.close();
      throw error;
    }
    return world;
  }

  /**
   * Makes a World that connects at the first call.
   * @throws WorldError `invalid` for a seed, hostname, prefix or certificate file that is not valid.
   */
  static create(options: WorldOptions = {}): EtcdWorld {
    const { seeds = [DEFAULT_CLIENT_URL], namespace = DEFAULT_NAMESPACE, tls, user, fleet, log } = options;
    const { hostname = machineName() } = options;
    checkHostname(hostname);
    if (namesPrefixes(options)) toPrefixes(options);
    const client = Client.create({ endpoints: seeds, namespace, tls, user, fleet, log });
    return new EtcdWorld(client, hostname, log, options);
  }
}
