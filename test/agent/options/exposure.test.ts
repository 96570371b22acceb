import test from 'ava';
import { AgentError } from '../../../agent/errors.js';
import { type ExposureOptions, exposureWarnings } from '../../../agent/options/exposure-warnings.js';

const files = { certFile: 'c', keyFile: 'k' };
const mutual = { ...files, trustedCaFile: 'ca' };
const socket = 'unix:///run/hawser/etcd.sock';

const judge = (options: Partial<ExposureOptions>) => {
  try {
    return exposureWarnings({ clientUrls: [], serverUrls: [], ...options }).join('\n');
  } catch (error) {
    if (error instanceof AgentError && error.code === 'unsafe') return `refused: ${error.message}`;
    throw error;
  }
};

const says = test.macro({
  exec(t, options: Partial<ExposureOptions>, expected: RegExp) {
    t.regex(judge(options), expected);
  },
  title: (_, options) => `who can enter ${JSON.stringify(options)}`,
});

const nobody = /^$/;
test.serial(says, { clientUrls: [socket] }, nobody);
test.serial(says, { clientUrls: ['https://10.0.0.1:2379', socket], tls: { client: mutual } }, nobody);
test.serial(says, { serverUrls: ['https://10.0.0.1:2380'], tls: { peer: mutual } }, nobody);
for (const host of ['127.0.0.1', 'localhost', '[::1]', '127.8.0.1'])
  test.serial(
    says,
    { clientUrls: [`http://${host}:2379`] },
    /open to every local user of this host, who can read/,
  );
test.serial(
  says,
  { serverUrls: ['http://127.0.0.1:2380'] },
  /every local user of this host, who can join the cluster/,
);
for (const host of ['10.0.0.1', '0.0.0.0', '[::]', '128.0.0.1', '[::ffff:127.0.0.1]']) {
  test.serial(
    says,
    { clientUrls: [`http://${host}:2379`] },
    /^refused: At .*--cert-file.*or pass --insecure/,
  );
  test.serial(
    says,
    { clientUrls: [`http://${host}:2379`], insecure: true },
    /open to anyone who can reach this host/,
  );
  test.serial(
    says,
    { serverUrls: [`http://${host}:2380`] },
    /^refused: At .*--peer-cert-file.*or pass --insecure/,
  );
}
test.serial(
  says,
  { clientUrls: ['https://10.0.0.1:2379'], tls: { client: files } },
  /^refused: .*--trusted-ca-file/,
);
test.serial(
  says,
  { clientUrls: [socket, 'http://127.0.0.1:1', 'http://10.0.0.1:1'], insecure: true },
  /10\.0\.0\.1:1 is open to anyone.*\n.*127\.0\.0\.1:1 is open to every local user/,
);
