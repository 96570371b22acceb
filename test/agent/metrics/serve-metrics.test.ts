import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { serveMetrics } from '../../../agent/metrics/serve-metrics.js';
import { parseGroup } from '../../../agent/options/find-group.js';

/** Root may choose any; others only one of their own. */
const group = process.geteuid?.() === 0 ? 'daemon' : execFileSync('id', ['-gn'], { encoding: 'utf8' }).trim();
const gid = parseGroup(await readFile('/etc/group', 'utf8'), group);

/** Serves until the end of the test; resolves at the first message. */
async function serve(t: ExecutionContext, folder: string, socketGroup?: string) {
  const ended = new AbortController();
  let said: (message: string) => void = () => undefined;
  const first = new Promise<string>((resolve) => (said = resolve));
  const addresses = [`unix:${folder}/metrics.sock`];
  const log = (_: string, message: string): void => said(message);
  const serving = serveMetrics({ addresses, socketGroup, read: async () => '', log }, ended.signal);
  const end = (): Promise<void> => {
    ended.abort();
    return serving;
  };
  t.teardown(end);
  return { message: await first, end };
}

async function folderFor(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'hawser-metrics-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return path.join(folder, 'run');
}

test('only the user of the agent enters the socket, which is gone with it', async (t) => {
  const folder = await folderFor(t);
  const { message, end } = await serve(t, folder);
  t.is(message, `metrics are served at unix:${folder}/metrics.sock`);
  t.is((await stat(`${folder}/metrics.sock`)).mode & 0o777, 0o600);
  await end();
  t.deepEqual(await readdir(folder), []);
});

test('a group enters it, and its directory, where there is one', async (t) => {
  const folder = await folderFor(t);
  await serve(t, folder, group);
  const [inside, outside] = [await stat(`${folder}/metrics.sock`), await stat(folder)];
  t.deepEqual([inside.mode & 0o777, inside.gid], [0o660, gid]);
  t.deepEqual([outside.mode & 0o7777, outside.gid], [0o2750, gid]);
});

test('a directory that others can write to is not used, and what stood there is not replaced', async (t) => {
  const open = await folderFor(t);
  await mkdir(open);
  await chmod(open, 0o777);
  const refused = await serve(t, open);
  t.regex(refused.message, /^cannot serve metrics at unix:.* Other users can write to /);
  const folder = await folderFor(t);
  await serve(t, folder);
  t.regex((await serve(t, folder)).message, /Another process listens at /);
});

test('a group that does not exist stops nothing', async (t) => {
  const { message } = await serve(t, await folderFor(t), 'no-such-group');
  t.regex(message, /^cannot serve metrics .* no group "no-such-group"/);
});
