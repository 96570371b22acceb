import test from 'ava';
import { SshdUnderLoad } from './sshd-under-load.js';
import { logRecovery, nothingWasLost } from './verdict.js';

test.serial('Nothing is lost on a host that takes no session more', async (t) => {
  await using site = await SshdUnderLoad.start();
  const { sshd, controller } = site;
  await sshd.restart({ config: ['MaxSessions 0'] });
  logRecovery(t, 'no session allowed', await controller.recovered());
  await sshd.killConnections();
  logRecovery(t, 'after a kill', await controller.recovered());
  await nothingWasLost(t, site.ending);
});
