import { text } from 'node:stream/consumers';
import test from 'ava';
import { Tunnel } from '../../../tunnel/index.js';
import { Sshd } from '../helpers/sshd.js';

test('host keys that a server offers after the login are not proven: nobody asked for them', async (t) => {
  await using sshd = await Sshd.start(['LogLevel DEBUG3']);
  {
    await using tunnel = await Tunnel.open({ ...sshd.options, transport: 'ssh2' });
    for (const word of ['one', 'two']) {
      const command = await tunnel.exec(`echo ${word}`);
      const [said, exit] = await Promise.all([text(command.stdout), command.exit]);
      t.is(said, `${word}\n`);
      t.deepEqual(exit, { code: 0 });
    }
  }
  t.true(sshd.log.some((line) => /notify_hostkeys: sent \d+ hostkeys/.test(line)));
  t.false(sshd.log.some((line) => line.includes('hostkeys-prove')));
});
