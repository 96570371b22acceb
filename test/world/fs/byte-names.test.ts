import test from 'ava';
import fc from 'fast-check';
import {
  bytesOfName,
  hasOtherBytes,
  isNameText,
  pathOnDisk,
  textOfName,
} from '../../../world/fs/tree/byte-names.js';
import { findEscape } from '../../../world/fs/tree/escape-checker.js';
import { FetchedListings } from '../../../world/fs/tree/fetched-listings.js';
import { decodeSuperblock, TreeEncoder } from '../../../world/fs/tree/tree-codec.js';
import type { DirectoryNode, Node } from '../../../world/fs/tree/tree-node.js';
import { WorldError } from '../../../world/index.js';

test('the bytes of any name come back, and no two names have the same text', (t) => {
  const bytes = fc.uint8Array({ maxLength: 12 }).map((array) => Buffer.from(array));
  const nearUtf8 = fc.string({ unit: 'grapheme', maxLength: 6 }).map((text) => {
    const encoded = Buffer.from(text);
    return encoded.subarray(0, Math.max(0, encoded.length - 1));
  });
  fc.assert(
    fc.property(fc.oneof(bytes, nearUtf8), (name) => {
      const text = textOfName(name);
      return bytesOfName(text).equals(name) && isNameText(text);
    }),
    { numRuns: 2_000 },
  );
  t.is(textOfName(Buffer.from([0xf0, 0x9f, 0x98, 0x80, 0xf0, 0x9f])), '😀\udcf0\udc9f');
});

test('a name that is UTF-8 stays the text that it is', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      return textOfName(Buffer.from(text)) === text && !hasOtherBytes(text) && pathOnDisk(text) === text;
    }),
  );
  t.is(textOfName(Buffer.from('caf\xe9', 'latin1')), 'caf\udce9');
  t.deepEqual(pathOnDisk('d/caf\udce9'), Buffer.from('d/caf\xe9', 'latin1'));
});

test('a text that is not what its bytes have is no name: it could be another file', (t) => {
  for (const name of ['\udcc3\udca9', 'a\ud800', '\udc7f', '\udc2f'])
    t.is(findEscape([{ type: 'file', path: name }])?.path, name, JSON.stringify(name));
  t.is(findEscape([{ type: 'file', path: 'caf\udce9' }]), undefined);
  t.is(findEscape([{ type: 'file', path: '\udce9'.repeat(255) }]), undefined);
  t.is(findEscape([{ type: 'file', path: '\udce9'.repeat(256) }])?.why, 'is not a path inside the tree');
});

const folder = (entries: Record<string, Node>): DirectoryNode => ({
  ...{ type: 'directory', mode: 0o755 },
  entries: new Map(Object.entries(entries)),
});
const superblockOf = (root: DirectoryNode) =>
  new TreeEncoder().encode(root, new FetchedListings()).superblock;

test('only a tree that needs them is stored in the format with names of any bytes', (t) => {
  const file: Node = { type: 'file', mode: 0o644, sizeBytes: 0, blocks: [] };
  t.regex(superblockOf(folder({ é: file })), /^\{"version":2,/);
  const odd = folder({ d: folder({ 'caf\udce9': file, link: { type: 'symlink', target: '\udcff' } }) });
  const stored = superblockOf(odd);
  t.regex(stored, /^\{"version":3,.*"caf\\udce9"/);
  t.is(superblockOf(decodeSuperblock(stored, '/fs/x')), stored);
  t.regex(superblockOf(folder({ link: { type: 'symlink', target: '\udcff' } })), /^\{"version":3,/);
});

test('a tree of a format that came later is said to be from a newer release', (t) => {
  const error = t.throws(() => decodeSuperblock('{"version":4,"root":["anything"]}', '/fs/x'));
  t.true(error instanceof WorldError && error.code === 'invalid');
  t.regex(error?.message ?? '', /made by a newer release of hawser\. Upgrade/);
});
