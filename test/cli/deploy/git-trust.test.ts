import { chmod, mkdir, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { DirectEtcd } from '../helpers/direct-etcd.js';
import { GitFolder, runGit } from '../helpers/git-folder.js';

let fleet: DirectEtcd;

test.before(async () => {
  fleet = await DirectEtcd.start();
});
test.after.always(() => fleet?.[Symbol.asyncDispose]());

/** Keys of a repository's configuration whose value is a program, or leads to one. */
const PROGRAM_KEYS = [
  'core.fsmonitor',
  'core.pager',
  'core.editor',
  'core.sshCommand',
  'core.gitProxy',
  'core.askPass',
  'core.alternateRefsCommand',
  'credential.helper',
  'diff.external',
  'diff.evil.command',
  'diff.evil.textconv',
  'merge.evil.driver',
  'gpg.program',
  'gpg.ssh.program',
  'pager.status',
  'pager.config',
  'interactive.diffFilter',
  'sequence.editor',
  'uploadpack.packObjectsHook',
  'remote.origin.uploadpack',
  'remote.origin.vcs',
  'filter.evil.clean',
  'filter.evil.smudge',
  'filter.evil.process',
  'filter.Big.Evil.clean',
  'alias.status',
  'alias.rev-parse',
  'alias.merge-base',
  'alias.ls-files',
  'trace2.eventTarget',
  'submodule.inner.update',
];

/** Sets every key that runs a program, directly and by an include; marks as modified what would go through a filter. */
async function arm(folder: string, marker: string, filters: string): Promise<void> {
  const set = (key: string, value: string) => runGit(folder, 'config', key, value);
  for (const key of PROGRAM_KEYS) {
    set(key, key.startsWith('alias.') || key.endsWith('.update') ? `!${marker} ${key}` : `${marker} ${key}`);
  }
  for (const kind of ['clean', 'process']) set(`filter.${filters}.${kind}`, `${marker} ${filters}.${kind}`);
  set('filter.evil.required', 'true');
  set('remote.origin.url', `ext::${marker} ext`);
  set('remote.origin.promisor', 'true');
  set('extensions.partialClone', 'origin');
  set('core.repositoryFormatVersion', '1');
  set('status.submoduleSummary', 'true');
  set('protocol.ext.allow', 'always');
  const included = path.join(runGit(folder, 'rev-parse', '--absolute-git-dir'), 'included');
  await writeFile(
    included,
    `[filter "included"]\n\tclean = ${marker} included\n\tprocess = ${marker} included\n`,
  );
  set('include.path', included);
  const hooks = path.join(path.dirname(included), 'evil-hooks');
  await mkdir(hooks, { recursive: true });
  for (const hook of ['post-index-change', 'fsmonitor-watchman', 'reference-transaction', 'post-checkout']) {
    for (const place of [hooks, path.join(path.dirname(included), 'hooks')]) {
      await mkdir(place, { recursive: true });
      await writeFile(path.join(place, hook), `#!/bin/sh\n${marker} hook-${hook}\n`);
      await chmod(path.join(place, hook), 0o755);
    }
  }
  set('core.hooksPath', hooks);
}

const attributes = [
  'evil.txt filter=evil diff=evil merge=evil',
  'big.txt filter=Big.Evil',
  'included.txt filter=included',
  'outer.txt filter=outer',
  'inner.txt filter=inner',
].join('\n');
const files = ['evil.txt', 'big.txt', 'included.txt', 'outer.txt', 'inner.txt'];

async function fill(folder: string): Promise<void> {
  await writeFile(path.join(folder, '.gitattributes'), `${attributes}\n`);
  for (const file of files) await writeFile(path.join(folder, file), 'content\n');
}

/** The content is as it was and the time is not, so that git reads the files again. */
async function touch(folder: string): Promise<void> {
  for (const file of files) await utimes(path.join(folder, file), 1, 1);
}

test.serial(
  'a deploy runs no program that the repository names, nor one that its submodules name',
  async (t) => {
    const app = await GitFolder.make(t);
    const marker = await app.marker();
    const inner = path.join(app.root, 'inner');
    runGit(app.root, 'init', '-q', inner);
    await fill(inner);
    runGit(inner, 'add', '--all');
    runGit(inner, 'commit', '-q', '-m', 'x');
    app.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', inner, 'inner');
    await fill(app.folder);
    app.commit();
    await arm(app.folder, marker, 'outer');
    await arm(path.join(app.folder, 'inner'), marker, 'inner');
    await touch(app.folder);
    await touch(path.join(app.folder, 'inner'));
    const fake = path.join(app.folder, 'bin');
    await mkdir(fake);
    await writeFile(path.join(fake, 'git'), `#!/bin/sh\nexec ${marker} fake-git\n`);
    await chmod(path.join(fake, 'git'), 0o755);
    runGit(app.folder, '-c', 'core.fsmonitor=false', '-c', 'core.hooksPath=/dev/null', 'config', 'x.y', 'z');

    const env = {
      HOME: app.root,
      PATH: `${fake}:bin:.:${process.env['PATH']}`,
      GIT_EXTERNAL_DIFF: `${marker} env-diff`,
      GIT_PAGER: `${marker} env-pager`,
      GIT_SSH_COMMAND: `${marker} env-ssh`,
      GIT_ASKPASS: `${marker} env-askpass`,
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'core.fsmonitor',
      GIT_CONFIG_VALUE_0: `${marker} env-config`,
      GIT_EXEC_PATH: fake,
    };
    const run = (...more: string[]) =>
      fleet.run(['deploy', '.', '--yes', '--json', ...more], { cwd: app.folder, env });
    // Parents that this clone lacks are what a partial clone would fetch.
    const refused = await run('--plan');
    t.deepEqual(await app.marks(), []);
    t.is(refused.code, 4, 'bin/git is in no commit');
    t.regex(refused.stderr, /bin\//);
    const planned = await run('--plan', '--force');
    t.is(planned.code, 0, planned.stderr);
    await writeFile(path.join(app.folder, '.git', 'info', 'exclude'), 'bin/\n');
    const deployed = await run();
    t.is(deployed.code, 0, deployed.stderr);
    const { hash } = JSON.parse((await fleet.run(['deploys', 'list', '--json'])).stdout)[0];
    t.regex(hash, /^[0-9a-f]{40}$/);
    await using world = fleet.world('other');
    await world.addDeploy(2, 'f'.repeat(40), hash, await world.getDeploy(1));
    t.is((await run('--plan')).code, 4, 'a commit that is not here');
    t.deepEqual(await app.marks(), []);
  },
);
