import { chmod, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import type { LocalAgent } from './helpers/local-agent.js';
import { LocalAgents } from './helpers/local-agents.js';

let agents: LocalAgents;
let newcomer: LocalAgent;

test.before(async () => {
  agents = await LocalAgents.create('3.4');
  newcomer = await agents.add('newcomer');
});
test.afterEach.always(() => newcomer.destroy());
test.after.always(() => agents?.[Symbol.asyncDispose]());

/** Starts the newcomer with these flags on top of its own and gives what came of it. */
async function refused(extra: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const from = newcomer.log.length;
  newcomer.start([], extra, env);
  const { code } = await newcomer.ended();
  return { code, said: newcomer.log.slice(from) };
}

test.serial('options that cannot work are refused with the reason', async (t) => {
  const cases: readonly [readonly string[], RegExp][] = [
    [['--server-urls', newcomer.clientUrl], /share/],
    [['--namespace', '/_mgmt/'], /namespace/],
    [['--prefix', 'relative/folder'], /absolute/],
    [['--prefix', '/dev/null/hawser'], /\/dev\/null\/hawser.*ENOTDIR|ENOTDIR.*\/dev\/null\/hawser/],
    [['--hostname', 'a/b'], /hostname/],
    [['--no-server'], /seeds/],
  ];
  for (const [extra, expected] of cases) {
    const { code, said } = await refused(extra);
    t.is(code, 2, said);
    t.regex(said, expected);
  }
  t.deepEqual(newcomer.processes(), []);
});

test.serial('an etcd that cannot be used is named', async (t) => {
  const folder = path.join(agents.folder, 'programs');
  await mkdir(folder);
  const file = path.join(folder, 'etcd');
  const withEtcd = (etcd: string) => refused([], { HAWSER_ETCD: etcd });
  const missing = await withEtcd(path.join(folder, 'none'));
  await writeFile(file, "#!/bin/sh\necho 'etcd Version: 3.3.27'\n", { mode: 0o644 });
  const plain = await withEtcd(file);
  await chmod(file, 0o755);
  const old = await withEtcd(file);
  for (const [{ code, said }, expected] of [
    [missing, /HAWSER_ETCD names .*none/],
    [plain, /HAWSER_ETCD names .*etcd/],
    [old, /3\.3\.27.*3\.4/],
  ] as const) {
    t.is(code, 1, said);
    t.regex(said, expected);
  }
});
