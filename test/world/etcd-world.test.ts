import test from 'ava';
import { EtcdWorld } from '../../world/index.js';
import { conforms } from './conformance.js';
import { Etcd } from './etcd.js';

let etcd: Etcd;

test.before(async () => {
  etcd = await Etcd.start();
});

test.after.always(() => etcd[Symbol.asyncDispose]());

conforms(test, () => ({
  open: async (hostname, namespace, log) =>
    EtcdWorld.connect({ endpoints: [etcd.url], hostname, namespace, log }),
  localEndpoint: /^http:\/\/127\.0\.0\.1:[0-9]+$/,
}));
