import { once } from 'node:events';
import { linkSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import test from 'ava';
import { claimControl } from '../../../cli/forwards/server/claim-control.js';
import { temporaryFolder } from '../helpers/hawser.js';

test('of many that find the socket of a dead forward, one gets its name and keeps it', async (t) => {
  const folder = await temporaryFolder(t);
  const file = path.join(folder, '0123456789abcdef.ctl');
  const dead = createServer().listen(path.join(folder, 'dead'));
  await once(dead, 'listening');
  linkSync(path.join(folder, 'dead'), file);
  await once(dead.close(), 'close');
  const claimed = await Promise.all(
    Array.from({ length: 6 }, () => claimControl(file, new AbortController().signal)),
  );
  const controls = claimed.filter((control) => control !== undefined);
  t.deepEqual(
    controls.map((control) => control.isThere()),
    [true],
  );
  for (const control of controls) await control[Symbol.asyncDispose]();
});
