import type { Client } from '../client/client.js';
import { absent, type Compare, present, type TxnOp, valueIs } from '../client/txn.js';
import { WorldError } from '../errors.js';
import { checkDeployId } from '../names.js';
import { pulses } from '../pulses.js';
import type { CallOptions, DeployWorld, WatchOptions } from '../world.js';

const PREFIX = '/deploy/';

interface NewDeploy {
  readonly id: number;
  readonly hash: string;
  readonly parentHash: string;
  readonly payload: string;
}

/** What the log held when a deploy could not be appended. */
interface Found {
  readonly payload: string | undefined;
  readonly hash: string | undefined;
  readonly previousExists: boolean;
  readonly previousHash: string | undefined;
}

/** The append-only deploy log at `/deploy/$id/payload` and `/deploy/$id/hash`. */
export class DeployLog implements DeployWorld {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  watchDeploy(options?: WatchOptions): AsyncIterable<void> {
    return pulses(this.#client, { key: PREFIX, prefix: true }, options);
  }

  async getDeploy(id: number, options?: CallOptions): Promise<string> {
    if (id === 0) return '';
    checkDeployId(id);
    const entry = await this.#client.get(payloadKey(id), options);
    if (entry === undefined)
      throw new WorldError('not-found', `There is no deploy ${id}.`, { key: payloadKey(id) });
    return entry.value.toString();
  }

  async getDeploys(options?: CallOptions): Promise<Map<number, string>> {
    const { entries } = await this.#client.list(PREFIX, options);
    const found: [number, string][] = [];
    for (const entry of entries) {
      const id = idOfPayload(entry.key);
      if (id !== undefined) found.push([id, entry.value.toString()]);
    }
    return new Map(found.sort(([a], [b]) => a - b));
  }

  async getMaxDeployId(options?: CallOptions): Promise<number> {
    const { entries } = await this.#client.list(PREFIX, { ...options, keysOnly: true });
    return entries.reduce((max, entry) => Math.max(max, idOfPayload(entry.key) ?? 0), 0);
  }

  async getDeployHash(id: number, options?: CallOptions): Promise<string> {
    if (id === 0) return '';
    checkDeployId(id);
    const entry = await this.#client.get(hashKey(id), options);
    return entry?.value.toString() ?? '';
  }

  async addDeploy(
    id: number,
    hash: string,
    parentHash: string,
    payload: string,
    options?: CallOptions,
  ): Promise<void> {
    checkDeployId(id);
    const deploy = { id, hash, parentHash, payload };
    const txn = { compare: conditions(deploy), success: writes(deploy), failure: questions(id) };
    // The conditions fail once it is applied, so a second application changes nothing; what is stored tells whose it is.
    const { succeeded, replies, repeated } = await this.#client.txn(txn, { ...options, repeatable: true });
    if (succeeded) return;
    const value = (index: number): string | undefined => replies[index]?.entries[0]?.value.toString();
    const found = {
      payload: value(0),
      hash: value(1),
      previousExists: (replies[2]?.count ?? 0) > 0,
      previousHash: value(3),
    };
    if (repeated && found.payload === payload && (found.hash ?? '') === hash) return;
    throw explain(deploy, found);
  }
}

function conditions({ id, hash, parentHash }: NewDeploy): Compare[] {
  const first = [absent(payloadKey(id)), absent(hashKey(id))];
  if (id === 1) return first;
  const chained = hash !== '' && parentHash !== '' ? [valueIs(hashKey(id - 1), parentHash)] : [];
  return [...first, present(payloadKey(id - 1)), ...chained];
}

function writes({ id, hash, payload }: NewDeploy): TxnOp[] {
  const put = { put: payloadKey(id), value: payload };
  return hash === '' ? [put] : [put, { put: hashKey(id), value: hash }];
}

function questions(id: number): TxnOp[] {
  return [
    { get: payloadKey(id) },
    { get: hashKey(id) },
    { get: payloadKey(id - 1), countOnly: true },
    { get: hashKey(id - 1) },
  ];
}

function explain({ id, parentHash }: NewDeploy, found: Found): WorldError {
  const key = payloadKey(id);
  if (found.payload !== undefined || found.hash !== undefined) {
    const message = `Deploy ${id} exists already: somebody else deployed first. Look at it, then deploy again.`;
    return new WorldError('conflict', message, { key });
  }
  if (!found.previousExists) {
    const message = `Deploy ${id} cannot be added because there is no deploy ${id - 1}: ids follow each other without a gap.`;
    return new WorldError('conflict', message, { key });
  }
  const held = found.previousHash === undefined ? 'has no hash' : `has the hash ${found.previousHash}`;
  const message = `Deploy ${id} does not follow deploy ${id - 1}, which ${held} where ${parentHash} was expected: bring your copy up to date first.`;
  return new WorldError('conflict', message, { key });
}

function payloadKey(id: number): string {
  return `${PREFIX}${id}/payload`;
}

function hashKey(id: number): string {
  return `${PREFIX}${id}/hash`;
}

/** Other keys may lie beside the payloads; they are none of ours. */
function idOfPayload(key: string): number | undefined {
  const match = /^\/deploy\/([1-9][0-9]{0,14})\/payload$/.exec(key);
  return match === null ? undefined : Number(match[1]);
}
