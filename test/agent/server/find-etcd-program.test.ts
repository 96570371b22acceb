import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { askEtcdVersion, isOlder } from '../../../agent/cluster/server/etcd/ask-etcd-version.js';
import { findEtcdProgram } from '../../../agent/cluster/server/etcd/find-etcd-program.js';
import { AgentError, type AgentErrorCode } from '../../../agent/errors.js';
import { resolveEtcd } from '../../../fixtures/fleet/install/etcd-binary.js';

let folder: string;
test.before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'hawser-program-'));
});
test.after.always(() => rm(folder, { recursive: true, force: true }));

async function script(name: string, lines: string, mode = 0o755): Promise<string> {
  const file = path.join(folder, name);
  await writeFile(file, `#!/bin/sh\n${lines}\n`);
  await chmod(file, mode);
  return file;
}

const notFound = test.macro({
  async exec(t, chosen: () => string | Promise<string>, message: RegExp) {
    const environment = { PATH: folder, HAWSER_ETCD: await chosen() };
    const error = await t.throwsAsync(findEtcdProgram(environment), { instanceOf: AgentError });
    t.is(error?.code, 'no-etcd');
    t.regex(error?.message ?? '', message);
  },
  title: (title) => `an etcd program that ${title} is refused`,
});
test.serial('is nowhere', notFound, () => '', /etcd is not on the PATH: install it \(Debian.*--no-server/);
test.serial('does not exist', notFound, () => `${folder}/none`, /names .*\/none, which does not exist/);
test.serial('is a directory', notFound, () => folder, /, which is a directory: set it to an etcd program/);
test.serial('is not on the PATH', notFound, () => 'etcd-9', /names etcd-9, which is not on the PATH/);
test.serial('is not executable', notFound, () => script('plain', '', 0o644), /which is not executable/);

const refused = test.macro({
  async exec(t, lines: string, code: AgentErrorCode, message: RegExp) {
    const program = await script(`etcd-${t.title.length}`, lines);
    const environment = { PATH: folder, HAWSER_ETCD: program };
    const error = await t.throwsAsync(findEtcdProgram(environment), { instanceOf: AgentError });
    t.is(error?.code, code);
    t.regex(error?.message ?? '', message);
  },
  title: (title) => `an etcd program that ${title} is refused before it is started`,
});
test.serial('fails', refused, 'echo boom >&2; exit 3', 'no-etcd', /--version failed: exit code 3, boom\./);
test.serial('is something else', refused, 'echo hello', 'no-etcd', /is not etcd/);
test.serial(
  'is too old',
  refused,
  'echo "etcd Version: 3.3.25"',
  'etcd-too-old',
  /is etcd 3\.3\.25, but hawser needs 3\.4\.0 or newer/,
);

test.serial('versions are compared by their numbers', (t) => {
  t.true(isOlder('3.3.27', '3.4.0'));
  t.true(isOlder('3.4.9', '3.4.10'));
  t.false(isOlder('3.4.0-rc.1', '3.4.0'));
  t.false(isOlder('3.10.0', '3.4.0'));
});

test.serial('the real programs tell their version', async (t) => {
  for (const wanted of ['3.4', '3.5'] as const) {
    const { etcd, version } = await resolveEtcd(wanted);
    t.is(await askEtcdVersion(etcd, process.env), version);
    t.is(await findEtcdProgram({ HAWSER_ETCD: etcd }), etcd);
  }
});
