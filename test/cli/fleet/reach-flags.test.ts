import path from 'node:path';
import test from 'ava';
import { reachFlags } from '../../../cli/fleet/reach-flags.js';

const output = { json: false, verbose: false };

test('the flags that reach a fleet again name each file from whichever directory', (t) => {
  const flags = {
    ...output,
    sshUrl: ['root@a', 'root@b'],
    sshId: ['key', '~/other'],
    sshConfig: 'none',
    namespace: '/x',
  };
  t.deepEqual(reachFlags(flags, { foundBy: ['--fleet', './prod.yaml'] }), [
    ...[
      '--fleet',
      path.resolve('prod.yaml'),
      '--ssh-url',
      'root@a',
      '--ssh-url',
      'root@b',
      '--namespace',
      '/x',
    ],
    ...['--ssh-id', path.resolve('key'), '--ssh-id', '~/other', '--ssh-config', 'none'],
  ]);
  t.deepEqual(reachFlags(output, { foundBy: ['--fleet', 'prod'] }), ['--fleet', 'prod']);
  t.deepEqual(reachFlags(output, {}), []);
});
