import type { Log } from '../../base/log.js';
import type { WatchOptions } from '../call-options.js';
import type { Client } from '../client/client.js';
import { logSkipped } from '../client/stored/log-skipped.js';
import { readText } from '../client/stored/read-text.js';
import { followMap } from '../client/watch/follow-keys.js';
import { DEPLOY_PREFIX } from '../keys.js';
import { parseDeployKey } from './deploy-keys.js';

/** As `DeployWorld.deploysFollow`. */
export function followDeploys(
  client: Client,
  log: Log | undefined,
  options?: WatchOptions,
): AsyncIterableIterator<ReadonlyMap<number, string>, undefined> {
  return followMap<number, string>(client, DEPLOY_PREFIX, options, {
    change: (deploys, { type, entry }) => {
      const { id, part } = parseDeployKey(entry.key) ?? {};
      if (id === undefined) logSkipped(log, entry.key, 'it is not part of a deploy');
      if (id === undefined || part !== 'payload') return false;
      const payload = type === 'put' ? readText(entry, log) : undefined;
      if (payload === undefined) return deploys.delete(id);
      deploys.set(id, payload);
      return true;
    },
    order: (a, b) => a - b,
  });
}
