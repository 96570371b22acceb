import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { detectCluster } from '../../../agent/cluster/start/detect-former-cluster.js';
import { AgentError } from '../../../agent/errors.js';
import { checkCertificates } from '../../../agent/options/check-certificates.js';
import { freePort } from '../../../fixtures/fleet/free-port.js';
import { Client } from '../../../world/index.js';
import { Authority, type Issued } from '../../world/helpers/authority.js';
import { ServerPlace } from '../helpers/server.js';

const signal = AbortSignal.timeout(120_000);
let authority: Authority;
let good: Issued;

test.before(async () => {
  authority = await Authority.create();
  good = await authority.issue(['IP:127.0.0.1', 'DNS:web1.example']);
});
test.after.always(() => authority?.[Symbol.asyncDispose]());

const local = { advertisedClientUrls: ['https://127.0.0.1:1'], advertisedServerUrls: [] };

function refusal(files: Partial<Issued> & { trustedCaFile?: string }, url = 'https://127.0.0.1:1'): string {
  const advertised = { ...local, advertisedClientUrls: [url] };
  try {
    checkCertificates({ client: { ...good, ...files } }, advertised);
  } catch (error) {
    if (error instanceof AgentError && error.code === 'invalid') return error.message;
    throw error;
  }
  return 'accepted';
}

test.serial('certificates that cannot serve are refused with the reason', async (t) => {
  const text = path.join(authority.folder, 'text');
  await writeFile(text, 'hello');
  t.is(refusal({ trustedCaFile: authority.caFile }), 'accepted');
  t.is(refusal({}, 'https://web1.example:2379'), 'accepted');
  t.regex(
    refusal({ certFile: '/nonexistent' }),
    /Cannot read the certificate \/nonexistent: there is no such file/,
  );
  t.regex(refusal({ certFile: text }), /No certificate in .*text: it must be PEM/);
  t.regex(refusal({ keyFile: text }), /No private key in .*text: it must be PEM/);
  t.regex(refusal({ trustedCaFile: text }), /No CA certificate in .*text/);
  const other = await authority.issue(['IP:127.0.0.1']);
  t.regex(refusal({ keyFile: other.keyFile }), /does not belong to the certificate/);
  t.regex(
    refusal({}, 'https://10.0.0.9:2379'),
    /not for 10\.0\.0\.9, which others .* but for IP Address:127/,
  );
  t.regex(refusal(await authority.issue(['IP:127.0.0.1'], -1)), /expired on .*: renew it/);
});

test.serial('a certificate that goes missing ends a start, and no more', async (t) => {
  const said: string[] = [];
  const url = `https://127.0.0.1:${await freePort()}`;
  await using place = await ServerPlace.make('3.5', {
    tls: { client: { certFile: '/nonexistent.pem', keyFile: good.keyFile } },
    log: (_, message) => said.push(message),
    ...{ clientUrls: [url], advertisedClientUrls: [url] },
  });
  const server = await place.start();
  t.like(await server.exited, { code: 1, why: 'other' });
  await t.throwsAsync(server.ready({ signal }), { message: /nonexistent\.pem/ });
  t.regex(said.join(), /the etcd watchdog stopped: .*nonexistent\.pem/);
});

for (const version of ['3.4', '3.5'] as const) {
  test.serial(`etcd ${version}: servers and their clients show each other certificates`, async (t) => {
    const files = { ...good, trustedCaFile: authority.caFile };
    const place = async (name: string) => {
      const [client, server] = [
        `https://127.0.0.1:${await freePort()}`,
        `https://127.0.0.1:${await freePort()}`,
      ];
      return ServerPlace.make(version, {
        name,
        tls: { client: files, peer: files },
        ...{ clientUrls: [client], advertisedClientUrls: [client] },
        ...{ serverUrls: [server], advertisedServerUrls: [server] },
      });
    };
    await using h1 = await place('h1');
    await using h2 = await place('h2');
    const first = await h1.serve();
    const endpoints = [first.clientEndpoint];
    await using client = Client.create({ endpoints, tls: { ...good, caFile: authority.caFile } });
    const { members } = await client.cluster.memberAdd(h2.options.advertisedServerUrls, { learner: true });
    const named = members.map(({ name, peerUrls }) => ({ name: name === '' ? 'h2' : name, peerUrls }));
    const second = await h2.start({ kind: 'join', members: named });
    t.true((await second.ready({ signal })).isLearner);
    await using stranger = Client.create({ endpoints, tls: { caFile: authority.caFile } });
    await t.throwsAsync(stranger.get('x', { timeoutMs: 3_000 }), { message: /certificate/ });

    second.kill();
    await second.exited;
    const { clusterId } = await client.cluster.status();
    const listening = { signal, peerTls: files, listenMs: 5_000 };
    t.deepEqual(await detectCluster(h2.options.serverUrls, listening), {
      clusterId,
      peerUrls: h1.options.advertisedServerUrls,
      clientUrls: endpoints,
    });
  });
}
