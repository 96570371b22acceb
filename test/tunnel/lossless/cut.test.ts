import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';
import { isLong } from './faults.js';
import { FleetUnderLoad } from './fleet-under-load.js';
import { logRecovery, nothingWasLost } from './verdict.js';

for (const cutMs of isLong ? [5_000, 60_000] : [5_000]) {
  test.serial(`Nothing is lost when packets are dropped both ways for ${cutMs} ms`, async (t) => {
    await using site = await FleetUnderLoad.start(1);
    const host = site.fleet.host('h1');
    await site.writeEventsOn(host);
    await host.cut();
    await delay(cutMs);
    await host.heal();
    logRecovery(t, 'link back', await site.controller.recovered());
    await nothingWasLost(t, await site.ending());
  });
}
