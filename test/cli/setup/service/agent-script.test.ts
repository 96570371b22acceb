import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { AGENT_SCRIPT } from '../../../../cli/setup/service/service-files.js';
import { PATHS } from '../../../../cli/setup/service/service-paths.js';
import { temporaryFolder } from '../../helpers/hawser.js';

test('an agent is started with its arguments, and wants signed deploys where root has written who may sign', async (t) => {
  const folder = await temporaryFolder(t);
  const at = (file: string) => path.join(folder, file);
  for (const file of [PATHS.arguments, PATHS.wrapper])
    await mkdir(path.dirname(at(file)), { recursive: true });
  await writeFile(at(PATHS.arguments), 'run\n--label\na=b *\n');
  await writeFile(at(PATHS.wrapper), '#!/bin/sh\nprintf "<%s>" "$@"\n', { mode: 0o755 });
  const script = AGENT_SCRIPT.replaceAll(/\/(?=(?:etc|opt)\/hawser)/g, `${folder}/`);
  const start = async () => (await promisify(execFile)('/bin/sh', ['-c', script])).stdout;
  t.is(await start(), '<run><--label><a=b *>');
  await writeFile(at(PATHS.allowedSigners), '');
  t.is(await start(), `<run><--label><a=b *><--allowed-signers><${at(PATHS.allowedSigners)}>`);
});
