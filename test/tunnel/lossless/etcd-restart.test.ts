import test from 'ava';
import { FleetUnderLoad } from './fleet-under-load.js';
import { logRecovery, nothingWasLost } from './verdict.js';

test.serial('Nothing is lost when etcd is killed and its agent starts it again', async (t) => {
  await using site = await FleetUnderLoad.start(1);
  const host = site.fleet.host('h1');
  await site.writeEventsOn(host);
  const killed = await host.exec(['pkill', '-KILL', '-x', 'etcd']);
  t.is(killed.code, 0, killed.stderr);
  logRecovery(t, 'etcd killed', await site.controller.recovered());
  t.is(site.controller.state?.status, 'connected');
  await nothingWasLost(t, await site.ending());
});
