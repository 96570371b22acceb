import { createHash } from 'node:crypto';
import test from 'ava';
import { verifySnapshot } from '../../../../world/client/snapshot/verify-snapshot.js';

const data = Buffer.from('a database, or so');
const whole = Buffer.concat([data, createHash('sha256').update(data).digest()]);

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function passed(bytes: Buffer, size: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of verifySnapshot(inPieces(bytes, size))) chunks.push(chunk);
  return Buffer.concat(chunks);
}

for (const size of [1, 5, 31, 32, 33, whole.length])
  test(`a snapshot that comes in pieces of ${size} bytes is passed on whole`, async (t) => {
    t.deepEqual(await passed(whole, size), whole);
  });

for (const [what, bytes] of [
  ['a changed byte', Buffer.from(whole).fill(0, 3, 4)],
  ['a missing end', whole.subarray(0, -1)],
  ['more at the end', Buffer.concat([whole, Buffer.from([0])])],
  ['nothing', Buffer.alloc(0)],
] as const)
  test(`${what} is noticed`, async (t) => {
    await t.throwsAsync(passed(bytes, 7), { code: 'unavailable', message: /damaged: its checksum is wrong/ });
  });
