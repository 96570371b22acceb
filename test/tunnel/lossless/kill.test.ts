import test from 'ava';
import { SshdUnderLoad } from './sshd-under-load.js';
import { logRecovery, nothingWasLost } from './verdict.js';

test.serial("Nothing is lost when the connection's sshd process is killed, time and again", async (t) => {
  await using site = await SshdUnderLoad.start();
  for (let round = 1; round <= 3; round += 1) {
    await site.sshd.killConnections();
    logRecovery(t, `kill ${round}`, await site.controller.recovered());
  }
  await nothingWasLost(t, site.ending);
});
