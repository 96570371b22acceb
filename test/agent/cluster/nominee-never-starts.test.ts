import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { resolveEtcd } from '../../../fixtures/fleet/install/etcd-binary.js';
import { withBadNominee } from '../helpers/nominee.js';

test.serial(
  'a nominated host whose server never starts costs a cluster of one not a single write, and another gets its place',
  async (t) => {
    const folder = await mkdtemp(path.join(tmpdir(), 'hawser-hanging-'));
    t.teardown(() => rm(folder, { recursive: true, force: true }));
    const hanging = path.join(folder, 'etcd');
    const { etcd } = await resolveEtcd('3.4');
    const script = `#!/bin/sh\ncase "$1" in --version) exec '${etcd}' --version ;; esac\nexec sleep 600\n`;
    await writeFile(hanging, script, { mode: 0o755 });

    const { writer, nominations, voters, stories } = await withBadNominee(
      '3.4',
      (bad, seeds) => bad.start(seeds, [], { HAWSER_ETCD: hanging }),
      () => undefined,
    );
    t.log(`${writer.acknowledged} writes, longest gap ${writer.longestGapMs} ms`);
    t.deepEqual([writer.failures, writer.lost], [[], []]);
    t.deepEqual(voters, ['h1', 'h2', 'h3']);
    t.is(nominations, 1, stories);
  },
);
