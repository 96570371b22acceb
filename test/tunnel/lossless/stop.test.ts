import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';
import { isLong } from './faults.js';
import { SshdUnderLoad } from './sshd-under-load.js';
import { logRecovery, nothingWasLost } from './verdict.js';

/** Longer than a silent connection is borne. */
const STOPPED_MS = isLong ? 30_000 : 12_000;
/** In the short form shorter than that: the connection goes on where it was. */
const ALL_STOPPED_MS = isLong ? 30_000 : 3_000;

test.serial(
  'Nothing is lost when the sshd process of the connection is stopped, then all of sshd',
  async (t) => {
    await using site = await SshdUnderLoad.start();
    const { sshd, controller } = site;
    await sshd.freezeConnections();
    const stopped = delay(STOPPED_MS);
    logRecovery(t, 'by a new connection while the old one is stopped', await controller.recovered());
    await stopped;
    await sshd.thaw();
    logRecovery(t, 'once the old one goes on', await controller.recovered());
    await sshd.freeze();
    await delay(ALL_STOPPED_MS);
    await sshd.thaw();
    logRecovery(t, 'once all of sshd goes on', await controller.recovered());
    await nothingWasLost(t, site.ending);
  },
);
