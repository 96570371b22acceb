import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';
import { isLong } from './faults.js';
import { SshdUnderLoad } from './sshd-under-load.js';
import { logRecovery, nothingWasLost } from './verdict.js';

const STOPPED_MS = isLong ? 30_000 : 12_000;

test(`Nothing is lost when the connection's sshd process is stopped for ${STOPPED_MS} ms`, async (t) => {
  await using site = await SshdUnderLoad.start();
  await site.sshd.freezeConnections();
  const stopped = delay(STOPPED_MS);
  logRecovery(t, 'by a new connection while the old one is stopped', await site.controller.recovered());
  await stopped;
  await site.sshd.thaw();
  logRecovery(t, 'once the old one goes on', await site.controller.recovered());
  await nothingWasLost(t, site.ending);
});

test(`Nothing is lost when the host's whole sshd is stopped for ${STOPPED_MS} ms`, async (t) => {
  await using site = await SshdUnderLoad.start();
  await site.sshd.freeze();
  await delay(STOPPED_MS);
  await site.sshd.thaw();
  logRecovery(t, 'once it goes on', await site.controller.recovered());
  await nothingWasLost(t, site.ending);
});
