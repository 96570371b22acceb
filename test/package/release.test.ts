import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { projectFolder } from '../../fixtures/fleet/project-paths.js';

interface Release {
  readonly tag: string;
  readonly version?: string;
  readonly changes?: string;
  readonly repository?: string | undefined;
}

async function check(t: ExecutionContext, release: Release) {
  const { tag, version = '1.2.3', changes = `## ${version} (2026-01-31)` } = release;
  const { repository } = { repository: 'git+https://real/repo', ...release };
  const folder = await mkdtemp(join(tmpdir(), 'hawser-release-test-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  await writeFile(
    join(folder, 'package.json'),
    JSON.stringify({ version, repository: repository && { url: repository } }),
  );
  await writeFile(join(folder, 'CHANGELOG.md'), `# Changelog\n\n${changes}\n`);
  const script = join(projectFolder, '.ci', 'release.mjs');
  return spawnSync(process.execPath, [script, tag], { cwd: folder, encoding: 'utf8' });
}

test('a release that is all there goes to latest, one before a release to next', async (t) => {
  t.like(await check(t, { tag: 'v1.2.3' }), { status: 0, stdout: 'latest\n', stderr: '' });
  t.like(await check(t, { tag: 'v2.0.0-rc.1', version: '2.0.0-rc.1' }), {
    status: 0,
    stdout: 'next\n',
    stderr: '',
  });
});

for (const [name, release, said] of [
  ['another tag', { tag: 'v1.2.4' }, /the tag is v1\.2\.4, .* 1\.2\.3/],
  ['no entry in the changelog', { tag: 'v1.2.3', changes: '## Unreleased' }, /no heading "## 1\.2\.3/],
  ['no repository', { tag: 'v1.2.3', repository: undefined }, /names no repository/],
] as const) {
  test(`${name} stops a release`, async (t) => {
    const { status, stdout, stderr } = await check(t, release);
    t.is(status, 1);
    t.is(stdout, '');
    t.regex(stderr, said);
  });
}
