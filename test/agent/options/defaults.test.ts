import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import test from 'ava';
import { EmbdEtcd } from '../../../agent/index.js';
import { withDefaults } from '../../../agent/options/embd-etcd-options.js';

const isRoot = process.geteuid?.() === 0;

test('without options an agent is what `hawser run` without flags is', (t) => {
  const { log, ...settings } = withDefaults({});
  t.is(log('info', 'nobody listens'), undefined);
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  const socket = isRoot ? '/run/hawser/etcd.sock' : '/var/lib/hawser/etcd.sock';
  t.deepEqual(settings, {
    ...{ hostname: hostname(), prefix: '/var/lib/hawser', namespace: '/_mgmt', seeds: [], version },
    ...{ clientUrls: [`unix://${socket}`], serverUrls: [], environment: process.env },
  });
  t.notThrows(() => new EmbdEtcd().validate());
});

test('a client URL with an address brings a server URL, unless one is given', (t) => {
  const clientUrls = ['unix:///run/x.sock', 'http://127.0.0.1:2379'];
  t.deepEqual(withDefaults({ clientUrls }).serverUrls, ['http://127.0.0.1:2380']);
  t.deepEqual(withDefaults({ clientUrls, serverUrls: [] }).serverUrls, []);
  t.deepEqual(withDefaults({ clientUrls: ['unix:///run/x.sock'] }).serverUrls, []);
});

test('the socket for clients is in the prefix, and a host without network has none', (t) => {
  t.deepEqual(withDefaults({ prefix: '/srv/x' }).clientUrls, ['unix:///srv/x/etcd.sock']);
  t.like(withDefaults({ prefix: '/srv/x', noNetwork: true }), { clientUrls: [], serverUrls: [] });
});
