import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { resolveEtcd } from '../../../fixtures/fleet/install/etcd-binary.js';
import { LocalAgents } from '../helpers/local-agents.js';

test('a host that leaves while its server starts leaves no member behind', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'hawser-slow-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const slow = path.join(folder, 'etcd');
  const { etcd } = await resolveEtcd('3.5');
  const script = `#!/bin/sh
case "$1" in --version) exec '${etcd}' --version ;; esac
until [ -e '${folder}/go' ]; do sleep 0.05; done
exec '${etcd}' "$@"
`;
  await writeFile(slow, script, { mode: 0o755 });
  await using agents = await LocalAgents.create('3.5');
  await agents.start('h1', 'h2');
  await agents.voting('h1');
  const h3 = await agents.add('h3');
  h3.start(agents.agents.slice(0, 1), [], { HAWSER_ETCD: slow });
  await agents.registered('h3');
  await h3.logged(/h3 is nominated; starting its server/);
  await agents.eventually('its server starts', async () => (await h3.etcds()).length > 0);
  h3.signal('SIGTERM');
  await h3.logged(/leaving the cluster: waiting/);
  await agents.eventually(
    'h3 volunteers no longer',
    async () => !(await agents.hosts('/volunteer/')).includes('h3'),
  );
  await writeFile(path.join(folder, 'go'), '');
  t.deepEqual(await h3.ended(), { code: 0, signal: null });
  t.regex(h3.log, /h3 has left the cluster/);
  await agents.voting('h1');
  await agents.eventually(
    'h1 alone is nominated',
    async () => (await agents.hosts('/nominated/')).join() === 'h1',
  );
});
