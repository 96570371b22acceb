import { createHash, randomBytes } from 'node:crypto';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import test from 'ava';
import { Etcd } from '../helpers/etcd.js';
import { pair, scratch } from './helpers/pair.js';

const MIB = 1 << 20;
const FILE_BYTES = 48 * MIB;
/** Eight requests of 1 MiB under way, compressed and not, and what the connections hold. */
const MOST_HELD_BYTES = 24 * MIB;

let etcd: Etcd;

test.before(async () => {
  etcd = await Etcd.start();
});

test.after.always(() => etcd[Symbol.asyncDispose]());

setFlagsFromString('--expose-gc');
const collectGarbage: unknown = runInNewContext('gc');

/** What this process holds and cannot give back. */
function heldBytes(): number {
  if (typeof collectGarbage !== 'function') throw new TypeError('there is no gc()');
  // What the first finds unused is given back while the program runs on, at the latest by the second.
  collectGarbage();
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Every block differs, and all compress well, so that etcd is not what is measured. @returns its SHA-256 */
async function generate(file: string): Promise<string> {
  const hash = createHash('sha256');
  await using handle = await open(file, 'w');
  for (let written = 0; written < FILE_BYTES; written += MIB) {
    const parts = Array.from({ length: 16 }, () => Buffer.alloc(64 << 10, randomBytes(2 << 10)));
    const data = Buffer.concat(parts);
    hash.update(data);
    await handle.write(data);
  }
  return hash.digest('hex');
}

test.serial('memory stays small while a large file is copied in, and while it is streamed', async (t) => {
  const { fs } = pair(t, etcd);
  const folder = await scratch(t);
  const wanted = await generate(path.join(folder, 'large'));
  await fs[0].writeFile('/small', 'opens the connections');
  const before = heldBytes();
  const samples: number[] = [];
  let calls = 0;
  const sample = (): void => {
    calls += 1;
    if (calls % 16 === 0) samples.push(heldBytes() - before);
  };
  await fs[0].copyIn(path.join(folder, 'large'), '/large', { onProgress: sample });
  const read = createHash('sha256');
  const reading = async function* () {
    for await (const part of fs[1].readStream('/large')) {
      sample();
      read.update(part);
      yield part;
    }
  };
  await fs[1].writeFile('/again', reading());
  t.is(read.digest('hex'), wanted);
  t.true(samples.length >= 6);
  t.true(Math.max(...samples) < MOST_HELD_BYTES, `${samples} bytes were held`);
});
