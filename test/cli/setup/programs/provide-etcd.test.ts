import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import { CliError } from '../../../../cli/errors.js';
import type { HostShell } from '../../../../cli/setup/host/host-shell.js';
import type { LocalProgram } from '../../../../cli/setup/programs/local-program.js';
import { type EtcdProvision, provideEtcd } from '../../../../cli/setup/programs/provide-etcd.js';
import { temporaryFolder } from '../../helpers/hawser.js';
import { localHost } from './local-host.js';

const { signal } = new AbortController();
const ETCD = '/opt/hawser/etcd/etcd-1/etcd';

/** A host, a program that says it is an etcd, and what is written down. */
async function scene(t: ExecutionContext, says = 'etcd Version: 3.5.21') {
  const folder = await temporaryFolder(t);
  const content = Buffer.from(`#!/bin/sh\necho "${says}"\n`);
  const compressed = gzipSync(content);
  const file = path.join(folder, 'etcd.gz');
  await writeFile(file, compressed);
  const hash = (of: Buffer) => createHash('sha256').update(of).digest('hex');
  const program: LocalProgram = {
    ...{ kind: 'etcd', version: '3.5.21', path: 'etcd/etcd-1/etcd', file },
    ...{ sha256: hash(content), compressedSha256: hash(compressed), sizeBytes: compressed.length },
  };
  const noted: unknown[] = [];
  const provision: EtcdProvision = {
    manager: undefined,
    prepare: async () => [program],
    showSending: () => ({ onStart: () => {}, onProgress: () => {}, [Symbol.dispose]: () => {} }),
    note: async (done) => void noted.push(done),
    signal,
  };
  const opt = path.join(folder, 'opt');
  return { opt, host: localHost(opt), provision, noted, content };
}

/** A host whose package manager ends as it is told to, without being run. */
function withApt(host: Pick<HostShell, 'name' | 'run'>, code: number, stdout: string, stderr = '') {
  const run: HostShell['run'] = async (script, options = {}) =>
    options.args?.[0] === 'apt' ? { code, stdout, stderr } : host.run(script, options);
  return { name: host.name, run };
}

test('A host without a package manager is sent etcd, which has to run there', async (t) => {
  const { opt, host, provision, noted, content } = await scene(t);
  t.regex(await provideEtcd(host, provision), /^sent etcd 3\.5\.21, \d+ B$/);
  t.deepEqual(await readFile(path.join(opt, 'etcd/etcd-1/etcd')), content);
  t.deepEqual(noted, [{ etcd: ETCD }]);
});

test('A package that is new enough is used, and nothing sent', async (t) => {
  const { host, provision, noted } = await scene(t);
  const prepare = () => Promise.reject(new Error('nobody asked for it'));
  const apt = withApt(host, 0, '/usr/bin/etcd\netcd Version: 3.4.23\n');
  const done = await provideEtcd(apt, { ...provision, manager: 'apt', prepare });
  t.is(done, 'installed etcd-server with apt');
  t.deepEqual(noted, [{ packages: ['etcd-server'] }, { etcd: '/usr/bin/etcd' }]);
});

test('Where the package manager has none, or one that is too old, etcd is sent', async (t) => {
  for (const [code, stdout] of [
    [1, ''],
    [0, '/usr/bin/etcd\netcd Version: 3.3.25\n'],
  ] as const) {
    const { host, provision, noted } = await scene(t);
    const apt = withApt(host, code, stdout, 'there is no package etcd');
    const done = await provideEtcd(apt, { ...provision, manager: 'apt' });
    t.regex(done, /^sent etcd 3\.5\.21, .*, because apt has none that works$/);
    // A package that is too old is there all the same.
    const packages = { packages: ['etcd-server'] };
    t.deepEqual(noted, [packages, ...(code === 0 ? [] : [{ packages: [] }]), { etcd: ETCD }]);
  }
});

test('Where neither works, both reasons are said', async (t) => {
  const { host, provision } = await scene(t);
  const prepare = () => Promise.reject(new CliError('failed', 'Could not download etcd.'));
  const apt = withApt(host, 1, '', 'there is no package etcd');
  await t.throwsAsync(provideEtcd(apt, { ...provision, manager: 'apt', prepare }), {
    code: 'failed',
    message: 'web1 got no etcd from apt: there is no package etcd. Could not download etcd.',
  });
});

test('What a person named and is no etcd, or too old, does not stay', async (t) => {
  for (const [says, why] of [
    ['Usage: etcd', /does not run there, or is no etcd: it said "Usage: etcd"/],
    ['etcd Version: 3.3.1', /is 3\.3\.1, and hawser needs 3\.4 or newer/],
  ] as const) {
    const { opt, host, provision, noted } = await scene(t, says);
    await t.throwsAsync(provideEtcd(host, provision), { code: 'failed', message: why });
    t.deepEqual(await readdir(path.join(opt, 'etcd')), []);
    t.deepEqual(noted, []);
  }
});
