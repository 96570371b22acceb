import type { ExecutionContext } from 'ava';
import { Client, type WatchItem } from '../../../world/index.js';
import type { Etcd } from './etcd.js';
import { Link } from './link.js';

/** A client behind a link that can be cut, and one that goes around it, in a namespace of their own. */
export interface Bench {
  readonly link: Link;
  /** Under which both keep their keys. */
  readonly namespace: string;
  readonly client: Client;
  readonly direct: Client;
}

let benches = 0;

export async function bench(t: ExecutionContext, etcd: Etcd): Promise<Bench> {
  benches += 1;
  const namespace = `/bench${benches}`;
  const link = await Link.to(etcd.port);
  const client = Client.create({ endpoints: [link.url], namespace });
  const direct = Client.create({ endpoints: [etcd.url], namespace });
  t.teardown(async () => {
    await Promise.all([client.close(), direct.close()]);
    await link[Symbol.asyncDispose]();
  });
  return { link, namespace, client, direct };
}

/** The next item of a watch, which must not end before. */
export async function take(items: AsyncIterator<WatchItem>): Promise<WatchItem> {
  const result = await items.next();
  if (result.done === true) throw new Error('the watch ended');
  return result.value;
}

/** The keys of the events, in order, until `count` of them have come; `onItem` sees each item first. */
export async function takeKeys(
  items: AsyncIterator<WatchItem>,
  count: number,
  onItem: (item: WatchItem) => void = () => undefined,
): Promise<string[]> {
  const keys: string[] = [];
  while (keys.length < count) {
    const item = await take(items);
    onItem(item);
    if (item.kind === 'events') keys.push(...item.events.map((event) => event.entry.key));
  }
  return keys;
}

/** Writes numbered keys quickly, many to a transaction is not an option: each is a revision of its own. */
export async function writeNumbered(client: Client, prefix: string, count: number): Promise<string[]> {
  const keys = Array.from({ length: count }, (_, index) => `${prefix}${String(index).padStart(5, '0')}`);
  for (let from = 0; from < count; from += 100) {
    await Promise.all(keys.slice(from, from + 100).map((key) => client.set(key, 'x'.repeat(200))));
  }
  return keys;
}

/** Runs a write of `key` that is applied, but whose answer is lost with the link, once `changes` of it are seen. */
export async function losingAnswer<T>(
  { link, client, direct }: Bench,
  key: string,
  write: () => Promise<T>,
  changes = 1,
): Promise<T> {
  const seen = direct.watch({ key });
  await take(seen);
  // A connection that cannot be made carries no write either.
  await client.get(key);
  link.loseAnswers();
  const answer = write();
  answer.catch(() => undefined);
  await takeKeys(seen, changes);
  link.cut();
  await seen.return?.();
  return answer;
}
