import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { findBrokenLinks } from '../../site/check/find-broken-links.js';
import { rewriteLinks } from '../../site/pages/rewrite-links.js';

const places = new Map([
  ['docs/index.md', 'index.md'],
  ['docs/how-to/add-a-host.md', 'how-to/add-a-host.md'],
  ['README.md', 'project/readme.md'],
  ['examples', 'examples/index.md'],
]);

test('links between files of the project become links between pages of the site', (t) => {
  const text =
    'See [the README](../../README.md#try-it), [more](../index.md) and [programs](../../examples/).';
  t.is(
    rewriteLinks(text, 'docs/how-to/add-a-host.md', places),
    'See [the README](../project/readme.md#try-it), [more](../index.md) and [programs](../examples/index.md).',
  );
});

test('links to other sites, to places of the same page, to pictures, and code are left alone', (t) => {
  const text =
    '[a](https://example.org) [b](#here) ![c](pictures/status.svg) `[d](nowhere.md)`\n\n```md\n[e](nowhere.md)\n```\n';
  const expected = text.replace('(pictures', '(./pictures');
  t.is(rewriteLinks(text, 'docs/index.md', places), expected);
});

test('a link to what is no page of the site is an error', (t) => {
  t.throws(() => rewriteLinks('[a](../cli/main.ts)', 'docs/index.md', places), {
    message: 'docs/index.md links to ../cli/main.ts, which is no page of the site.',
  });
});

test('in a built site, links that lead nowhere are found, and whatever would be loaded from elsewhere', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'hawser-site-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const page = (...parts: string[]) => `<html><head></head><body>${parts.join('')}</body></html>`;
  await writeFile(
    path.join(folder, 'index.html'),
    page(
      ...['/other.html#there', '/other', '#here', 'https://example.org/'].map(
        (href) => `<a class="x" href="${href}">x</a>`,
      ),
      ...['/other.html#nowhere', '/gone', 'http://example.org/'].map((href) => `<a href="${href}">x</a>`),
      '<h2 id="here">x</h2><img src="https://cdn.example.org/x.png"><link rel="icon" href="/gone.ico">',
      '<script src="/other.html"></script>',
    ),
  );
  await writeFile(path.join(folder, 'other.html'), page('<h2 id="there">x</h2>'));
  t.deepEqual(findBrokenLinks(folder), [
    'index.html: /other.html#nowhere',
    'index.html: /gone',
    'index.html: http://example.org/',
    'index.html: https://cdn.example.org/x.png',
    'index.html: /gone.ico',
  ]);
});
