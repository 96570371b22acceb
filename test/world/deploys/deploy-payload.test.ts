import test from 'ava';
import fc from 'fast-check';
import {
  type Deployment,
  parseDeployment,
  serialiseDeployment,
} from '../../../world/deploys/deploy-payload.js';

const deployment: Deployment = {
  hawser: 1,
  name: 'hello',
  message: 'first',
  author: 'me@here',
  createdAt: '2026-01-01T00:00:00.000Z',
  tree: 'a'.repeat(64),
  noop: false,
  hosts: ['h1'],
  manifest: {
    name: 'hello',
    processes: {
      main: { run: ['node'], health: { kind: 'exec', argv: ['true'], timeoutMs: 1, intervalMs: 1 } },
    },
  },
};

test.serial('a deployment is read back as it was written', (t) => {
  t.deepEqual(parseDeployment(serialiseDeployment(deployment)), deployment);
  const rollback = { ...deployment, rollbackOf: 3 };
  t.deepEqual(parseDeployment(serialiseDeployment(rollback)), rollback);
});

test.serial('a payload of another program is no deployment', (t) => {
  for (const payload of ['', 'gob', '{}', 'null', '[1]', JSON.stringify({ ...deployment, hawser: 2 })]) {
    t.is(parseDeployment(payload), undefined);
  }
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (payload) => parseDeployment(payload) === undefined),
  );
});
