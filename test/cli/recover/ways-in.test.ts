import test from 'ava';
import { waysIn } from '../../../cli/recover/until-hosts-are-back.js';

const SOCKET = 'unix:///run/hawser/etcd.sock';

test('a cluster whose servers want the certificate of a host is entered by the socket there', (t) => {
  t.deepEqual(waysIn(['https://10.0.0.1:2379'], { tls: undefined, seeds: [SOCKET] }), [SOCKET]);
});

test('with a certificate of its own, or without TLS, this machine uses what the servers advertise', (t) => {
  const tls = { certFile: 'me.pem', keyFile: 'me.key' };
  t.deepEqual(waysIn(['https://10.0.0.1:2379'], { tls, seeds: [SOCKET] }), ['https://10.0.0.1:2379']);
  t.deepEqual(waysIn(['http://10.0.0.1:2379'], { tls: undefined, seeds: ['http://127.0.0.1:2379'] }), [
    'http://10.0.0.1:2379',
  ]);
  t.deepEqual(waysIn(['https://10.0.0.1:2379'], { tls: undefined, seeds: ['https://10.0.0.2:2379'] }), [
    'https://10.0.0.1:2379',
  ]);
});
