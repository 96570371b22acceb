import test from 'ava';
import type { EtcdVersion } from '../../../fixtures/fleet/install/etcd-binary.js';
import { EtcdWorld, SshWorld } from '../../../world/index.js';
import { Sshd } from '../../tunnel/helpers/sshd.js';
import { Etcd } from '../helpers/etcd.js';
import { conforms } from './conformance.js';

/** Runs the conformance tests over EtcdWorld. */
export function etcdWorldConforms(version: EtcdVersion): void {
  let etcd: Etcd | undefined;
  test.before(async () => {
    etcd = await Etcd.start([], version);
  });
  test.after.always(() => etcd?.[Symbol.asyncDispose]());
  conforms(test, () => ({
    open: async (hostname, namespace, log) =>
      EtcdWorld.create({ seeds: [etcd?.url ?? ''], hostname, namespace, log }),
    localEndpoint: /^http:\/\/127\.0\.0\.1:[0-9]+$/,
  }));
}

/** Runs the conformance tests over SshWorld. @returns the seed and the sshd in use. */
export function sshWorldConforms(version: EtcdVersion): () => { seed: string; sshd: Sshd } {
  let etcd: Etcd | undefined;
  let sshd: Sshd | undefined;
  const surroundings = (): { seed: string; sshd: Sshd } => {
    if (etcd === undefined || sshd === undefined) throw new Error('the servers do not run');
    return { seed: etcd.url, sshd };
  };
  test.before(async () => {
    etcd = await Etcd.start([], version);
    sshd = await Sshd.start(['MaxStartups 100']);
  });
  test.after.always(async () => {
    await sshd?.[Symbol.asyncDispose]();
    await etcd?.[Symbol.asyncDispose]();
  });
  conforms(test, () => ({
    open: (hostname, namespace, log) => {
      const options = { ssh: surroundings().sshd.options, seeds: [surroundings().seed], hostname };
      return SshWorld.open({ ...options, namespace, log });
    },
    localEndpoint: /^unix:\/\/\/.+/,
  }));
  return surroundings;
}
