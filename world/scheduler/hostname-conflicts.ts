import { pause } from '../../base/abort.js';
import type { Log } from '../../base/log.js';
import type { Client } from '../client/client.js';
import { leader } from '../client/concurrency/election.js';
import type { Leadership } from '../client/concurrency/owned-key.js';
import type { KeyValue } from '../client/key-value.js';
import { SCHEDULER_ELECTION } from '../keys.js';

/** Longer than the key of a killed agent of this host exists. */
const SETTLED_MS = 4000;

/**
 * Keeps another program that campaigns under the same hostname from deciding too: mgmt believes it is elected when the
 * first key of the election has its hostname as the value, no matter which program owns that key.
 */
export class HostnameConflicts {
  readonly #leadership: Leadership;
  readonly #hostname: string;
  readonly #log: Log | undefined;
  #isResolved = false;

  constructor(leadership: Leadership, hostname: string, log: Log | undefined) {
    this.#leadership = leadership;
    this.#hostname = hostname;
    this.#log = log;
  }

  /** If another key of the election has this hostname, gives this host's key a value that is no hostname. */
  async resolve(entries: readonly KeyValue[]): Promise<void> {
    if (this.#isResolved || !entries.some((entry) => this.#isConflict(entry))) return;
    this.#isResolved = true;
    this.#log?.(
      'info',
      `another program also campaigns as ${this.#hostname}; this one was elected and decides the schedules`,
    );
    await this.#leadership.proclaim(
      `${this.#hostname} ${this.#leadership.key.slice(SCHEDULER_ELECTION.length + 1)}`,
    );
  }

  #isConflict({ key, value }: KeyValue): boolean {
    return (
      key.startsWith(`${SCHEDULER_ELECTION}/`) &&
      key !== this.#leadership.key &&
      value.toString() === this.#hostname
    );
  }
}

/** Reports once if another program was elected under this hostname while this one waits. */
export async function reportConflict(
  client: Client,
  hostname: string,
  log: Log | undefined,
  over: AbortSignal,
): Promise<void> {
  await pause(SETTLED_MS, over);
  if (over.aborted) return;
  const elected = await leader(client, SCHEDULER_ELECTION, { signal: over });
  if (elected?.value.toString() !== hostname) return;
  const key = elected.key.slice(SCHEDULER_ELECTION.length + 1);
  log?.(
    'info',
    `another program was elected as ${hostname} to decide the schedules (key ${key}); this one decides nothing`,
  );
}
