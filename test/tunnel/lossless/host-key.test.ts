import test from 'ava';
import { SshdUnderLoad } from './sshd-under-load.js';
import { nothingWasLost } from './verdict.js';

test.serial(
  'A host that comes back with another key is never connected to again, and nothing was lost',
  async (t) => {
    await using site = await SshdUnderLoad.start();
    const { sshd, controller } = site;
    const failed = controller.inState(({ status }) => status === 'failed');
    await sshd.stop();
    const logged = sshd.log.length;
    await sshd.restart({ newHostKey: true });
    const { code } = await failed;
    t.is(code, 'host-key-changed');
    t.regex(await controller.refusal(), /host key/i);
    await nothingWasLost(t, { ...site.ending, reconnects: false });
    const accepted = sshd.log.slice(logged).filter((line) => line.includes('Accepted'));
    t.deepEqual(accepted, []);
    t.is(controller.state?.status, 'closed');
  },
);
