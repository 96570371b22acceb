/** Writes numbered events to an etcd that it reaches directly, until it is told to stop through that etcd. */
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from '../../../../world/index.js';
import { EVENTS, NAMESPACE, STOP } from '../protocol.js';

const PAUSE_MS = 4;

const [endpoint = ''] = process.argv.slice(2);
await using client = Client.create({ endpoints: [endpoint], namespace: NAMESPACE });
const stopping = (async () => {
  for await (const item of client.watch({ key: STOP })) if (item.kind === 'events') return true;
  return true;
})();
for (let number = 0; ; number += 1) {
  const key = `${EVENTS}${String(number).padStart(6, '0')}`;
  await client.set(key, key, { repeatable: true, timeoutMs: 60_000 });
  if (await Promise.race([stopping, delay(PAUSE_MS, false)])) break;
}
