import test from 'ava';
import { type Deployment, serialiseDeployment } from '../../../../world/deploys/deploy-payload.js';
import { DirectEtcd } from '../../helpers/direct-etcd.js';

test('what the programs of a deploy wrote is shown by host, the first to report first', async (t) => {
  await using fleet = await DirectEtcd.start();
  await using world = fleet.world('laptop');
  const none = await fleet.run(['deploys', 'logs']);
  t.is(none.code, 2);
  t.regex(none.stderr, /There is no deploy yet/);
  const deployment: Deployment = {
    ...{ hawser: 1, name: 'shop', message: '', author: '', createdAt: '', tree: 'a'.repeat(64), noop: false },
    ...{ hosts: ['h1', 'h2'], manifest: { name: 'shop' } },
  };
  await world.addDeploy({ id: 1, payload: serialiseDeployment(deployment) });
  t.is((await fleet.run(['deploys', 'logs'])).stdout, 'No host has reported on deploy 1 of shop yet.\n');
  const report = async (hostname: string, minute: number, more: object) => {
    const at = `2026-01-01T10:0${minute}:00.000Z`;
    const said = { hostname, state: 'failed', step: 'start', message: 'It exited.', at, current: 0, ...more };
    await world.client.set(`/reports/1/${hostname}`, JSON.stringify(said));
  };
  await report('h1', 2, { logTail: 'starting\n\u001b[31mno database\r' });
  await report('h2', 1, { state: 'rolled-back', step: 'back', message: 'Taken back.' });
  t.is(
    (await fleet.run(['deploys', 'logs', '1'])).stdout,
    [
      'h2: rolled-back at back, 2026-01-01 10:01:00 UTC: Taken back.',
      '  no output',
      '',
      'h1: failed at start, 2026-01-01 10:02:00 UTC: It exited.',
      '  | starting',
      '  | \\e[31mno database',
      '',
    ].join('\n'),
  );
  t.like(await fleet.json(['deploys', 'logs']), {
    ...{ id: 1, app: 'shop', verdict: 'running' },
    hosts: [
      { hostname: 'h2', step: 'back', output: '' },
      { hostname: 'h1', state: 'failed', output: 'starting\n\u001b[31mno database\r' },
    ],
  });
  t.is((await fleet.run(['deploys', 'logs', '9'])).code, 2);
});
