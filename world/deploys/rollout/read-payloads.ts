import type { Log } from '../../../base/log.js';
import type { Client } from '../../client/client.js';
import { readText } from '../../client/stored/read-text.js';
import { splitIntoGroups } from '../../split-into-groups.js';
import { payloadKey } from '../deploy-keys.js';
import { type Deployment, parseDeployment } from '../deploy-payload.js';

/** Payloads that are read in one transaction: their sum has to fit into an answer. */
const READ_AT_ONCE = 32;

/** Entries of the log, each of which is read once: they do not change. */
export class DeploymentReader {
  readonly #client: Client;
  readonly #log: Log | undefined;
  /** Undefined for what is not a deploy of this release. */
  readonly #known = new Map<number, Deployment | undefined>();

  constructor(client: Client, log: Log | undefined) {
    this.#client = client;
    this.#log = log;
  }

  /** What is known of an entry; undefined for one that is not there, or is none of ours. */
  get(id: number): Deployment | undefined {
    return this.#known.get(id);
  }

  /** Reads those that are not known. */
  async read(ids: readonly number[], signal: AbortSignal): Promise<void> {
    const missing = ids.filter((id) => !this.#known.has(id));
    for (const group of splitIntoGroups(missing, READ_AT_ONCE)) {
      const success = group.map((id) => ({ get: payloadKey(id) }));
      const { replies } = await this.#client.txn({ success }, { signal, repeatable: true });
      for (const [index, id] of group.entries()) {
        const stored = replies[index]?.entries[0];
        const payload = stored && readText(stored, this.#log);
        if (stored !== undefined)
          this.#known.set(id, payload === undefined ? undefined : parseDeployment(payload));
      }
    }
  }
}
