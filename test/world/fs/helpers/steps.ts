import fc from 'fast-check';
import type { OpenFlag } from '../../../../world/index.js';

/** What both file systems are asked to do; the paths are relative to their roots. */
export type Step =
  | {
      readonly op: 'mkdir' | 'rm';
      readonly path: string;
      readonly recursive: boolean;
      readonly force: boolean;
    }
  | {
      readonly op: 'writeFile' | 'appendFile';
      readonly path: string;
      readonly data: Buffer;
      readonly flag: OpenFlag;
    }
  | {
      readonly op:
        | 'readFile'
        | 'stat'
        | 'lstat'
        | 'readdir'
        | 'rmdir'
        | 'unlink'
        | 'readlink'
        | 'access'
        | 'list';
      readonly path: string;
    }
  | { readonly op: 'rename' | 'symlink'; readonly path: string; readonly to: string }
  | { readonly op: 'truncate' | 'chmod'; readonly path: string; readonly number: number }
  | { readonly op: 'open'; readonly path: string; readonly flag: OpenFlag; readonly slot: number }
  | {
      readonly op: 'read' | 'readRest' | 'close' | 'sync' | 'fstat';
      readonly slot: number;
      readonly position: number | null;
      readonly length: number;
    }
  | { readonly op: 'write'; readonly slot: number; readonly position: number | null; readonly data: Buffer }
  | { readonly op: 'ftruncate'; readonly slot: number; readonly number: number };

const name = fc.constantFrom('a', 'b', 'c', 'ü d');
const somePath = fc
  .tuple(fc.array(name, { minLength: 1, maxLength: 3 }), fc.constantFrom('', '', '', '', '/'))
  .map(([parts, slash]) => parts.join('/') + slash);
const plainPath = fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
const flag = fc.constantFrom<OpenFlag>('r', 'r+', 'w', 'wx', 'w+', 'wx+', 'a', 'ax', 'a+', 'ax+');
const size = fc.oneof(fc.nat(20), fc.nat(5000), fc.constantFrom(65_535, 65_536, 300_000));
const data = fc.tuple(size, fc.nat(255)).map(([length, seed]) => Buffer.alloc(length, `${seed} `));
const slot = fc.nat(2);
const position = fc.oneof(fc.constant(null), fc.nat(100), fc.nat(200_000));

export const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    op: fc.constantFrom('mkdir', 'rm'),
    path: somePath,
    recursive: fc.boolean(),
    force: fc.boolean(),
  }),
  fc.record({ op: fc.constantFrom('writeFile', 'appendFile'), path: plainPath, data, flag }),
  fc.record({
    op: fc.constantFrom(
      'readFile',
      'stat',
      'lstat',
      'readdir',
      'rmdir',
      'unlink',
      'readlink',
      'access',
      'list',
    ),
    path: somePath,
  }),
  fc.record({ op: fc.constant('rename'), path: somePath, to: somePath }),
  fc.record({
    op: fc.constant('symlink'),
    path: plainPath,
    to: fc.constantFrom('a', 'b', 'c', 'a/b', './a', 'a/../b', 'none'),
  }),
  fc.record({ op: fc.constant('truncate'), path: plainPath, number: size }),
  fc.record({ op: fc.constant('chmod'), path: plainPath, number: fc.constantFrom(0o700, 0o755, 0o777) }),
  fc.record({ op: fc.constant('open'), path: plainPath, flag, slot }),
  fc.record({
    op: fc.constantFrom('read', 'readRest', 'close', 'sync', 'fstat'),
    slot,
    position,
    length: fc.nat(1000),
  }),
  fc.record({ op: fc.constant('write'), slot, position, data }),
  fc.record({ op: fc.constant('ftruncate'), slot, number: size }),
) as fc.Arbitrary<Step>;
