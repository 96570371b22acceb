import { mkdir, mkdtemp, realpath, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { findEscape } from '../../../world/fs/tree/escape-checker.js';

const refuses = test.macro({
  exec: (t, entries: Parameters<typeof findEscape>[0], culprit: string) =>
    t.is(findEscape(entries)?.path, culprit),
  title: (title) => title ?? '',
});

const folder = (at: string) => ({ type: 'directory', path: at }) as const;
const link = (at: string, target: string) => ({ type: 'symlink', path: at, target }) as const;
const file = (at: string) => ({ type: 'file', path: at }) as const;

test.serial('an absolute path is refused', refuses, [file('/etc/passwd')], '/etc/passwd');
test.serial('a path that climbs is refused', refuses, [folder('a'), file('a/../../b')], 'a/../../b');
test.serial('an empty path is refused', refuses, [file('')], '');
test.serial('a path with a zero byte is refused', refuses, [file('a\0b')], 'a\0b');
test.serial('a file below a link is refused', refuses, [link('a', '.'), file('a/b')], 'a/b');
test.serial('a file below a file is refused', refuses, [file('a'), file('a/b')], 'a/b');
test.serial('a path that comes twice is refused', refuses, [folder('a'), link('a', '.')], 'a');
test.serial('an absolute link is refused', refuses, [link('a', '/etc')], 'a');
test.serial('a link that climbs out is refused', refuses, [folder('a'), link('a/b', '../..')], 'a/b');
test.serial(
  'a link that climbs out by way of another is refused',
  refuses,
  [folder('x'), folder('x/y'), link('x/y/root', '../..'), link('out', 'x/y/root/..')],
  'out',
);

test.serial('what stays inside is taken', (t) => {
  t.is(
    findEscape([folder('a'), file('a/b'), link('a/c', '../d/e'), link('self', '.'), link('loop', 'loop')]),
    undefined,
  );
});

test.serial('no tree of links that is taken leads out when the kernel follows it', async (t) => {
  const part = fc.constantFrom('a', 'b', 'c', '..', '.');
  const target = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('/'));
  const place = fc.constantFrom('l', 'a/l', 'a/b/l', 'c', 'a/c', 'm');
  const links = fc.uniqueArray(fc.tuple(place, target), { selector: ([at]) => at, maxLength: 5 });
  const base = await realpath(await mkdtemp(path.join(tmpdir(), 'hawser-links-')));
  t.teardown(() => rm(base, { recursive: true, force: true }));
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(links, async (chosen) => {
      const entries = [folder('a'), folder('a/b'), ...chosen.map(([at, to]) => link(at, to))];
      if (findEscape(entries) !== undefined) return true;
      runs += 1;
      const root = path.join(base, String(runs));
      await mkdir(path.join(root, 'a/b'), { recursive: true });
      for (const [at, to] of chosen) await symlink(to, path.join(root, at));
      for (const [at] of chosen) {
        // What leads nowhere leads nowhere outside either.
        const real = await realpath(path.join(root, at)).catch(() => root);
        if (real !== root && !real.startsWith(`${root}/`)) return false;
      }
      return true;
    }),
    { numRuns: 400 },
  );
  t.true(runs > 20, `${runs} trees were taken`);
});
