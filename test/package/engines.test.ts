import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { satisfies, subset } from 'semver';
import { projectFolder } from '../../fixtures/fleet/project-paths.js';

interface LockedPackage {
  readonly version?: string;
  readonly dev?: boolean;
  readonly engines?: { readonly node?: string };
}

const readJson = async <T>(path: string): Promise<T> =>
  JSON.parse(await readFile(join(projectFolder, path), 'utf8')) as T;

const { engines } = await readJson<{ engines: { node: string } }>('package.json');
const { packages } = await readJson<{ packages: Record<string, LockedPackage> }>('package-lock.json');
const shipped = Object.entries(packages).filter(([path, { dev }]) => path !== '' && dev !== true);

test('every package that is installed with hawser takes every Node that hawser names', (t) => {
  t.true(shipped.length > 40);
  const refusing = shipped.filter(([, { engines: theirs }]) => !subset(engines.node, theirs?.node ?? '*'));
  t.deepEqual(
    refusing.map(([path, { version, engines: theirs }]) => `${path} ${version}: ${theirs?.node}`),
    [],
  );
});

test('the tested versions are those that hawser names, from the oldest on', async (t) => {
  const { node } = await readJson<{ node: readonly string[] }>('.ci/matrix.json');
  const [oldest = '', ...newer] = node;
  t.is(engines.node.split(' ')[0], `^${oldest}`);
  for (const version of newer) t.true(satisfies(`${version}.999.0`, engines.node), version);
});
