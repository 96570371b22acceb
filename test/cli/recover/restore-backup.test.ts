import { createHash } from 'node:crypto';
import { mkdir, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { ReachedHosts } from '../../../cli/agent-access/reached-hosts.js';
import { planRestore, restoreBackup } from '../../../cli/backup/restore-backup.js';
import { temporaryFolder } from '../helpers/hawser.js';

async function backup(t: ExecutionContext): Promise<string> {
  const folder = path.join(await temporaryFolder(t), 'of..today');
  await mkdir(folder);
  const data = Buffer.from('what etcd sent');
  const file = path.join(folder, 'fleet.db');
  await writeFile(file, Buffer.concat([data, createHash('sha256').update(data).digest()]));
  return file;
}

test('a refusal calls the file as it is called', async (t) => {
  const file = await backup(t);
  const trouble = { kind: 'no-agent', message: 'no agent runs there.' } as const;
  for (const [reports, wanted, why] of [
    [[], undefined, 'no agent answers on any of the hosts: start them first'],
    [[], 'h9', 'h9 is not one of the hosts'],
    [[{ host: 'h1', agent: undefined, trouble }], 'h1', 'no agent runs there'],
  ] as const)
    await t.throwsAsync(planRestore(file, reports, wanted), { message: `Cannot restore ${file}: ${why}.` });
});

test('a large backup gets more time than a small one', async (t) => {
  const file = await backup(t);
  const times: number[] = [];
  const restore = (_: unknown, { timeoutMs }: { timeoutMs: number }) => {
    times.push(timeoutMs);
    throw new Error('enough');
  };
  const hosts = { host: () => ({ agent: { restore } }) } as unknown as ReachedHosts;
  const recovery = {
    ...{ prefix: '/', timeoutMs: 1_000, stepTimeoutMs: 300_000, onStep: () => undefined },
    signal: new AbortController().signal,
  };
  await truncate(file, 0);
  for (const sizeBytes of [20_000, 2_000_000_000]) {
    const plan = { file, sizeBytes, base: 'h1', rejoin: [], later: [] };
    await t.throwsAsync(restoreBackup(plan, hosts, recovery), { message: 'enough' });
  }
  t.true((times[0] ?? 0) < 310_000);
  t.true((times[1] ?? 0) > 3_600_000, 'some 4 Mbit/s');
});
