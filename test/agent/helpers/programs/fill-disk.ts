// Runs a server on a small file system, fills that, and makes room again; prints what happened as one line of JSON.
// Arguments: a directory on that file system, the version of etcd.
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';
import { untilDiskSpace } from '../../../../agent/cluster/server/until-disk-space.js';
import { AgentError } from '../../../../agent/errors.js';
import type { EtcdVersion } from '../../../../fixtures/fleet/install/etcd-binary.js';
import { Client } from '../../../../world/index.js';
import { ServerPlace } from '../server.js';

const [folder = '', version = '3.5'] = process.argv.slice(2);
const signal = AbortSignal.timeout(60_000);
const ballast = path.join(folder, 'ballast');
const value = Buffer.alloc(100_000, 'x');

await using place = await ServerPlace.make(version as EtcdVersion, {
  folder,
  dataFolder: path.join(folder, 'data'),
});
const server = await place.serve();
await using client = Client.create({ endpoints: [server.clientEndpoint] });
const acknowledged: string[] = [];
await write('before');
fillDisk();
for (let index = 0; server.exit === undefined; index += 1) await write(`full/${index}`);
const exit = await server.exited;
const again = await place.start({ kind: 'restart' });
const refusal: unknown = await again.ready({ signal }).catch((error: unknown) => error);

const stillFull = await untilDiskSpace(folder, AbortSignal.timeout(100), { intervalMs: 20 }).then(
  () => false,
  () => true,
);
const room = untilDiskSpace(folder, signal, { intervalMs: 20 });
rmSync(ballast);
await room;
await place.serve({ kind: 'restart' });
const lost = [];
for (const key of acknowledged) if ((await client.get(key, { signal })) === undefined) lost.push(key);
console.log(
  JSON.stringify({
    why: exit.why,
    refusal: refusal instanceof AgentError ? refusal.code : String(refusal),
    stillFull,
    acknowledged: acknowledged.length > 0,
    lost,
  }),
);

async function write(key: string): Promise<void> {
  try {
    await client.set(key, value, { signal, timeoutMs: 500 });
    acknowledged.push(key);
  } catch {
    // not acknowledged, so it may be lost
  }
}

function fillDisk(): void {
  const file = openSync(ballast, 'w');
  for (let sizeBytes = 1 << 20; sizeBytes >= 1; ) {
    try {
      writeSync(file, Buffer.alloc(sizeBytes));
    } catch {
      sizeBytes /= 2;
    }
  }
  closeSync(file);
}
