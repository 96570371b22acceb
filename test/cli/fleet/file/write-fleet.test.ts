import { chmod, chown, lstat, mkdir, readdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { CliError } from '../../../../cli/errors.js';
import type { Fleet } from '../../../../cli/fleet/file/fleet.js';
import { fleetFile } from '../../../../cli/fleet/file/fleet-paths.js';
import { readFleet } from '../../../../cli/fleet/file/read-fleet.js';
import { createFleet, writeFleet } from '../../../../cli/fleet/file/write-fleet.js';
import { setEnvironment } from '../../../fixtures/helpers/environment.js';
import { temporaryFolder } from '../../helpers/hawser.js';

const [nobody, code] = [65_534, 'not-yours'];

/** A person's home for this process. */
async function atHome(t: ExecutionContext): Promise<{ readonly home: string; readonly fleet: Fleet }> {
  const home = await temporaryFolder(t);
  setEnvironment(t, { HOME: home, XDG_CONFIG_HOME: undefined });
  const hosts = [{ name: 'web1', ssh: 'root@web1', hostKeys: [], labels: {} }];
  return { home, fleet: { name: 'prod', file: fleetFile('prod'), hosts, knownHosts: [] } };
}

async function modeOf(file: string): Promise<number> {
  return (await lstat(file)).mode & 0o7777;
}

test.serial('a fleet is kept in a file of 0600 in a directory of 0700, whatever was there', async (t) => {
  const { fleet } = await atHome(t);
  const folder = path.dirname(fleet.file);
  await mkdir(folder, { recursive: true, mode: 0o755 });
  await createFleet(fleet);
  t.deepEqual([await modeOf(folder), await modeOf(fleet.file)], [0o700, 0o600]);
  await t.throwsAsync(createFleet(fleet), { instanceOf: CliError, code: 'usage', message: /exists already/ });
  await chmod(fleet.file, 0o644);
  await writeFleet({ ...fleet, clusterSize: 3 });
  t.is(await modeOf(fleet.file), 0o600);
  t.deepEqual(await readFleet(fleet.file), { ...fleet, clusterSize: 3 });
  t.deepEqual(await readdir(folder), ['prod.yaml'], 'nothing is left beside it');
});

test.serial('a fleet that no file can hold leaves the file as it is', async (t) => {
  const { fleet } = await atHome(t);
  await createFleet(fleet);
  const before = await readFile(fleet.file, 'utf8');
  for (const wrong of [{ clusterSize: 0 }, { name: 'other' }, { authority: 'PRIVATE KEY' }])
    await t.throwsAsync(writeFleet({ ...fleet, ...wrong }), { instanceOf: CliError, code: 'usage' });
  t.is(await readFile(fleet.file, 'utf8'), before);
});

test.serial('nothing is written through a link, or where another user rules', async (t) => {
  const { home, fleet } = await atHome(t);
  await createFleet(fleet);
  const elsewhere = path.join(home, 'elsewhere.yaml');
  await rename(fleet.file, elsewhere);
  const before = await readFile(elsewhere, 'utf8');
  await symlink(elsewhere, fleet.file);
  await t.throwsAsync(writeFleet({ ...fleet, clusterSize: 3 }), { code, message: /symbolic link/ });
  t.is(await readFile(elsewhere, 'utf8'), before);
  await rename(elsewhere, fleet.file);
  await chown(fleet.file, nobody, nobody);
  await t.throwsAsync(readFleet(fleet.file), { code });
  await t.throwsAsync(writeFleet({ ...fleet, clusterSize: 3 }), { code });
  await chown(path.dirname(fleet.file), nobody, nobody);
  await t.throwsAsync(createFleet({ ...fleet, name: 'test', file: fleetFile('test') }), { code });
});

test.serial('a file in a repository counts whoever owns it, and keeps its permissions', async (t) => {
  const { home, fleet } = await atHome(t);
  const file = path.join(home, 'repository.yaml');
  await writeFile(file, '# by hand\nname: prod\nhosts: {}\n', { mode: 0o640 });
  await writeFleet({ ...fleet, file });
  t.is(await modeOf(file), 0o640);
  t.true((await readFile(file, 'utf8')).startsWith('# by hand\n'));
  await chown(file, nobody, nobody);
  t.deepEqual(await readFleet(file), { ...fleet, file });
});
