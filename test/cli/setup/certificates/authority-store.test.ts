import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { joinAuthorities } from '../../../../cli/setup/certificates/authorities.js';
import {
  adoptNextKey,
  chooseAuthority,
  keepNextKey,
  loadAuthority,
  makeAuthority,
} from '../../../../cli/setup/certificates/authority-store.js';
import { createAuthority } from '../../../../cli/setup/certificates/issue-certificate.js';
import { setEnvironment } from '../../../fixtures/helpers/environment.js';

test.serial('The key of an authority is kept for its owner, and no other passes for it', async (t) => {
  const home = await mkdtemp(path.join(tmpdir(), 'hawser-authority-'));
  t.teardown(() => rm(home, { recursive: true }));
  setEnvironment(t, { HOME: home, XDG_CONFIG_HOME: undefined });
  const mayIssue = async (authority?: string) => {
    const fleet = authority === undefined ? { name: 'prod' } : { name: 'prod', authority };
    return (await chooseAuthority(fleet, { wantsNew: false })).canIssue;
  };
  t.true(await mayIssue(), 'one that has none yet gets one');
  t.false(await mayIssue(createAuthority('prod').cert), 'another laptop');
  const first = await makeAuthority('prod');
  t.deepEqual(await loadAuthority({ name: 'prod', authority: first.cert }), first);
  t.true(await mayIssue(first.cert));
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

test.serial(
  'A new authority is kept so that a cut at any moment leaves the fleet with one that has its key',
  async (t) => {
    const home = await mkdtemp(path.join(tmpdir(), 'hawser-authority-'));
    t.teardown(() => rm(home, { recursive: true }));
    setEnvironment(t, { HOME: home, XDG_CONFIG_HOME: undefined });
    const name = 'prod';
    const first = await makeAuthority(name);
    const {
      authority: next,
      trusted,
      isNew,
    } = await chooseAuthority({ name, authority: first.cert }, { wantsNew: true });
    if (next === undefined || trusted === undefined) return t.fail('no authority was made');
    t.true(isNew);
    t.is(trusted, joinAuthorities([next.cert, first.cert]));
    await keepNextKey(name, next);
    t.deepEqual(await loadAuthority({ name, authority: first.cert }), first, 'cut before the fleet file');
    t.deepEqual(await loadAuthority({ name, authority: trusted }), next, 'cut after it');
    await adoptNextKey(name, next);
    t.deepEqual(await loadAuthority({ name, authority: trusted }), next);
    const folder = path.join(home, '.config/hawser/fleets');
    t.is((await stat(path.join(folder, 'prod.key'))).mode & 0o777, 0o600);
    t.false((await readdir(folder)).includes('prod.key.next'));

    const again = await chooseAuthority({ name, authority: trusted }, { wantsNew: true });
    t.deepEqual([again.authority, again.isNew], [next, false], 'a change that has begun is gone on with');
    await keepNextKey(name, createAuthority(name));
    await adoptNextKey(name, next);
    t.deepEqual(await loadAuthority({ name, authority: next.cert }), next, 'a key that no file names goes');
    t.false((await readdir(folder)).includes('prod.key.next'));
  },
);

test.serial(
  'Without any key a fleet gets a new authority, also where the key of the new one was lost',
  async (t) => {
    const home = await mkdtemp(path.join(tmpdir(), 'hawser-authority-'));
    t.teardown(() => rm(home, { recursive: true }));
    setEnvironment(t, { HOME: home, XDG_CONFIG_HOME: undefined });
    const lost = [createAuthority('prod').cert, createAuthority('prod').cert];
    const authority = joinAuthorities(lost);
    t.false((await chooseAuthority({ name: 'prod', authority }, { wantsNew: false })).canIssue);
    const choice = await chooseAuthority({ name: 'prod', authority }, { wantsNew: true });
    t.is(choice.trusted, joinAuthorities([choice.authority?.cert ?? '', ...lost]));
    t.true(choice.isNew);
  },
);
