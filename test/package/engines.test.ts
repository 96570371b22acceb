import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { satisfies, subset } from 'semver';
import { projectFolder } from '../../fixtures/fleet/project-paths.js';

interface LockedPackage {
  readonly version?: string;
  readonly dev?: boolean;
  readonly inBundle?: boolean;
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

test('inquirer is in the bundle with all that it needs, for newer ones refuse Node 20', (t) => {
  const bundled = shipped.filter(([, { inBundle }]) => inBundle);
  const names = bundled.map(([path]) => path.replace('node_modules/', ''));
  for (const name of ['inquirer', '@inquirer/core', '@inquirer/prompts', 'mute-stream'])
    t.true(names.includes(name));
  const [core] = bundled.filter(([path]) => path.endsWith('/@inquirer/core'));
  t.is(core?.[0], 'node_modules/@inquirer/core');
});

test('the tested versions are those that hawser names, from the oldest on', async (t) => {
  const { node } = await readJson<{ node: readonly string[] }>('.ci/matrix.json');
  const [oldest = '', ...newer] = node;
  t.is(engines.node.split(' ')[0], `^${oldest}`);
  for (const version of newer) t.true(satisfies(`${version}.999.0`, engines.node), version);
});
