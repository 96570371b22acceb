import test from 'ava';
import { FleetUnderLoad } from './fleet-under-load.js';
import { logRecovery, nothingWasLost } from './verdict.js';

test.serial('Nothing is lost when the way in that is used dies, one of three', async (t) => {
  await using site = await FleetUnderLoad.start(3);
  const { fleet, controller } = site;
  const used = fleet.hosts.find(({ sshPort }) => sshPort === controller.state?.port);
  const other = fleet.hosts.find((host) => host !== used);
  if (used === undefined || other === undefined) throw new Error('the controller uses no host of the fleet');
  await site.writeEventsOn(other);
  await used.kill();
  logRecovery(t, `${used.name} killed`, await controller.recovered());
  const now = await controller.inState(({ status }) => status === 'connected');
  t.not(now.port, used.sshPort);
  await nothingWasLost(t, await site.ending());
});
