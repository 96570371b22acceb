import test from 'ava';
import { SshdUnderLoad } from './sshd-under-load.js';
import { logRecovery, nothingWasLost } from './verdict.js';

test.serial(
  'Nothing is lost when sshd refuses forwarding for a while, and who waits is told so',
  async (t) => {
    await using site = await SshdUnderLoad.start();
    const { sshd, controller } = site;
    await sshd.restart({ config: ['AllowTcpForwarding no'] });
    t.regex(await controller.refusal(), /forward/i);
    t.is(controller.state?.status, 'connected');
    await sshd.restart({ config: [] });
    logRecovery(t, 'forwarding allowed again', await controller.recovered());
    await nothingWasLost(t, site.ending);
  },
);
