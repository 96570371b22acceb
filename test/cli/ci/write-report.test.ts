import { mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { writeReport } from '../../../cli/ci/write-report.js';
import { temporaryFolder } from '../helpers/hawser.js';

test('a report is readable for others, its directory is made, and a link in its place is replaced', async (t) => {
  const folder = await temporaryFolder(t);
  const file = path.join(folder, 'reports', 'deploy.xml');
  await writeReport(file, 'one');
  t.is((await stat(file)).mode & 0o777, 0o644);
  const other = path.join(folder, 'other');
  await writeFile(other, 'theirs');
  await symlink(other, path.join(folder, 'link.xml'));
  await writeReport(path.join(folder, 'link.xml'), 'two');
  t.is(await readFile(path.join(folder, 'link.xml'), 'utf8'), 'two');
  t.is(await readFile(other, 'utf8'), 'theirs');
});

test('a report that cannot be written is named with the reason', async (t) => {
  const folder = await temporaryFolder(t);
  await mkdir(path.join(folder, 'x.xml'));
  await writeFile(path.join(folder, 'file'), '');
  for (const [file, reason] of [
    [`${folder}/x.xml`, /^Cannot write the report .*x\.xml: it is a directory\.$/],
    [`${folder}/a/b/x.xml`, /: the directory that it would be in is in none\.$/],
    [`${folder}/file/x.xml`, /: part of its path is not a directory\.$/],
    ['/proc/x/y.xml', /^Cannot write the report \/proc\/x\/y\.xml: /],
    ['', /^--junit needs the name of a file\.$/],
  ] as const)
    await t.throwsAsync(writeReport(file, 'one'), { code: 'usage', message: reason });
});
