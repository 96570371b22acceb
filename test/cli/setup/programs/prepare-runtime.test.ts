import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { arch } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { prepareRuntime } from '../../../../cli/setup/programs/prepare-runtime.js';
import { temporaryFolder } from '../../helpers/hawser.js';

const { signal } = new AbortController();
const architecture = arch() === 'arm64' ? 'arm64' : 'x64';
const said: string[] = [];
const say = (doing: string) => void said.push(doing);
const other = architecture === 'x64' ? 'arm64' : 'x64';

test.serial('What is no program for such hosts is refused before it is sent', async (t) => {
  const folder = await temporaryFolder(t);
  Object.assign(process.env, { XDG_CACHE_HOME: folder });
  const text = path.join(folder, 'text');
  await writeFile(text, 'no program');
  const notOne = await t.throwsAsync(prepareRuntime({ architecture, file: text, say, signal }));
  t.regex(notOne?.message ?? '', /is no program of Node: --runtime takes/);
  const node = path.join(folder, 'node');
  await copyFile('/bin/true', node);
  const wrong = await t.throwsAsync(prepareRuntime({ architecture: other, file: node, say, signal }));
  t.regex(wrong?.message ?? '', new RegExp(`does not run on ${other}`));
  const { file, sizeBytes } = await prepareRuntime({ architecture, file: node, say, signal });
  t.is((await readFile(file)).length, sizeBytes);
  t.deepEqual(said, [`compressing ${node}`]);
  t.is((await prepareRuntime({ architecture, file: node, say, signal })).sizeBytes, sizeBytes);
  t.is(said.length, 1);
  await writeFile(file, 'damaged');
  t.is((await prepareRuntime({ architecture, file: node, say, signal })).sizeBytes, sizeBytes);
  t.is((await readFile(file)).length, sizeBytes);
});

test.serial('A laptop without a registry hears what else it can do, and why', async (t) => {
  Object.assign(process.env, {
    XDG_CACHE_HOME: await temporaryFolder(t),
    npm_config_registry: 'http://127.0.0.1:1/',
    npm_config_fetch_retries: '0',
  });
  const failed = await t.throwsAsync(prepareRuntime({ architecture, say, signal }));
  t.regex(failed?.message ?? '', /ECONNREFUSED.*--runtime FILE.*--use-host-node/);
});
