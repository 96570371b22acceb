import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { rotateLog } from '../../agent/cluster/server/rotate-log.js';
import { AgentError } from '../../agent/errors.js';
import { checkPrefix } from '../../agent/prefix/check-prefix.js';
import { prefixInstanceId } from '../../agent/prefix/prefix-instance-id.js';
import { Child } from '../../agent/processes/child-process.js';
import { LocalAgents } from './helpers/local-agents.js';

let folder: string;
test.beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'hawser-own-'));
});
test.afterEach.always(() => rmSync(folder, { recursive: true, force: true }));

const at = (...names: string[]) => path.join(folder, ...names);

function refusal(prefix: string): string {
  try {
    checkPrefix(prefix);
    return 'accepted';
  } catch (error) {
    if (error instanceof AgentError && error.code === 'unsafe') return error.message;
    throw error;
  }
}

test.serial('a prefix that others can write to is refused, as is one on a way that they can change', (t) => {
  for (const name of [
    'open',
    'open-to-group',
    'way',
    'way/prefix',
    'sticky',
    'sticky/prefix',
    'private',
    'target',
  ])
    mkdirSync(at(name), { mode: 0o700 });
  for (const [name, mode] of [
    ['open', 0o777],
    ['open-to-group', 0o770],
    ['way', 0o777],
    ['sticky', 0o1777],
    ['private', 0o755],
  ] as const)
    chmodSync(at(name), mode);
  symlinkSync(at('way/prefix'), at('link-to-the-way'));
  symlinkSync(at('target'), at('link'));
  t.regex(refusal(at('open')), /Other users can write to .*open so they/);
  t.regex(refusal(at('open-to-group')), /Other users can write to/);
  t.regex(refusal(at('way/prefix')), /Other users can write to .*way, on the path to .*prefix,/);
  t.regex(refusal(at('way/new')), /Other users can write to .*way, on the path/);
  t.regex(refusal(at('link-to-the-way')), /Other users can write to .*way, on the path/);
  for (const name of ['sticky/prefix', 'private', 'private/new/er', 'link'])
    t.is(refusal(at(name)), 'accepted', name);
});

test.serial(
  'what stands in the way of a log, in place of a file of ours, is refused and stays as it is',
  async (t) => {
    writeFileSync(at('target'), 'theirs');
    symlinkSync(at('target'), at('link.log'));
    symlinkSync(at('nowhere'), at('dangling.log'));
    linkSync(at('target'), at('hard.log'));
    execFileSync('mkfifo', [at('pipe.log')]);
    mkdirSync(at('folder.log'));
    const start = (name: string) =>
      Child.start({ argv: ['echo', 'ours'], cwd: folder, environment: process.env, logFile: at(name) });
    for (const name of ['link.log', 'dangling.log', 'hard.log', 'pipe.log'])
      await t.throwsAsync(start(name), { instanceOf: AgentError, code: 'unsafe' }, name);
    await t.throwsAsync(start('folder.log'), { code: 'EISDIR' });
    t.is(readFileSync(at('target'), 'utf8'), 'theirs');
    t.throws(() => readFileSync(at('nowhere')), { code: 'ENOENT' });
    const child = await start('plain.log');
    await child.exited;
    t.is(readFileSync(at('plain.log'), 'utf8'), 'ours\n');
  },
);

test.serial('a log that is a link is not rotated through it', async (t) => {
  writeFileSync(at('target'), 'x'.repeat(2_000));
  symlinkSync(at('target'), at('etcd.log'));
  await rotateLog(at('etcd.log'), { live: true, maxBytes: 1 }).catch(() => undefined);
  t.is(readFileSync(at('target'), 'utf8').length, 2_000);
});

test.serial('the identity of a prefix is not read through a link', async (t) => {
  writeFileSync(at('secret'), 'secret');
  mkdirSync(at('prefix'), { mode: 0o700 });
  symlinkSync(at('secret'), at('prefix', 'instance'));
  await t.throwsAsync(prefixInstanceId(at('prefix')), { code: 'unsafe', message: /instance: it is a link/ });
});

test.serial('an agent refuses a prefix of another user, and writes nothing into it', async (t) => {
  await using agents = await LocalAgents.create('3.5');
  const isRoot = process.geteuid?.() === 0;
  const prefix = isRoot ? at('h1') : '/tmp';
  const agent = await agents.add('h1', { prefix });
  if (isRoot) {
    mkdirSync(prefix, { mode: 0o700 });
    symlinkSync(at('target'), path.join(prefix, 'app.log'));
    execFileSync('chown', ['65534:65534', prefix]);
  }
  const before = readdirSync(prefix).filter((name) => !name.startsWith('hawser-'));
  writeFileSync(at('target'), 'theirs');
  agent.start();
  const { code } = await agent.ended();
  t.is(code, 4, agent.log);
  t.regex(agent.log, new RegExp(`${prefix} belongs to user ${isRoot ? 65534 : 0}`));
  if (isRoot) t.deepEqual(readdirSync(prefix), before);
  t.is(readFileSync(at('target'), 'utf8'), 'theirs');
});
