import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { createAuthority } from '../../../../cli/setup/certificates/issue-certificate.js';
import { canIssue, loadAuthority, makeAuthority } from '../../../../cli/setup/certificates/keep-authority.js';
import { setEnvironment } from '../../../fixtures/helpers/environment.js';

test.serial('The key of an authority is kept for its owner, and no other passes for it', async (t) => {
  const home = await mkdtemp(path.join(tmpdir(), 'hawser-authority-'));
  t.teardown(() => rm(home, { recursive: true }));
  setEnvironment(t, { HOME: home, XDG_CONFIG_HOME: undefined });
  t.true(await canIssue({ name: 'prod' }), 'one that has none yet gets one');
  t.false(await canIssue({ name: 'prod', authority: createAuthority('prod').cert }), 'another laptop');
  const first = await makeAuthority('prod');
  t.deepEqual(await loadAuthority({ name: 'prod', authority: first.cert }), first);
  t.true(await canIssue({ name: 'prod', authority: first.cert }));
  const folder = path.join(home, '.config/hawser/fleets');
  const file = path.join(folder, 'prod.key');
  t.is((await stat(file)).mode & 0o777, 0o600);
  const other = createAuthority('prod').cert;
  await t.throwsAsync(loadAuthority({ name: 'prod', authority: other }), {
    message: /prod\.key is not the key of the authority that the fleet prod has/,
  });

  await makeAuthority('prod');
  const kept = (await readdir(folder)).filter((name) => name.startsWith('prod.key.until-'));
  t.is(kept.length, 1);
  t.is(await readFile(path.join(folder, kept[0] ?? ''), 'utf8'), first.key);
});
