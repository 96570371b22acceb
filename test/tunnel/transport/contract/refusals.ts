import { join } from 'node:path';
import test from 'ava';
import { freePort } from '../../../../fixtures/fleet/free-port.js';
import { resolved } from '../../helpers/resolved.js';
import { makeKey, Sshd } from '../../helpers/sshd.js';
import { Target } from '../../helpers/target.js';
import { connected, type Dial, dialFails, readAll, refusal } from './connected.js';

export function testRefusals(dial: Dial): void {
  test.serial('a target that is not there, and one that is forbidden, are told apart', async (t) => {
    await using sshd = await Sshd.start(['PermitOpen 127.0.0.1:1']);
    await using link = await connected(dial, resolved(sshd));
    const absent = await refusal(t, link.open({ host: '127.0.0.1', port: 1 }));
    t.regex(absent.message, /Connection refused.*something is listening/);
    const forbidden = await refusal(t, link.open({ host: '127.0.0.1', port: 2 }));
    t.regex(forbidden.message, /forbids.*PermitOpen/);
    const socket = await refusal(t, link.open({ socketPath: join(sshd.folder, 'nothing') }));
    t.regex(socket.message, /AllowStreamLocalForwarding/);
  });

  test.serial('a host that forbids forwarding says so', async (t) => {
    await using sshd = await Sshd.start(['AllowTcpForwarding no']);
    await using link = await connected(dial, resolved(sshd));
    const error = await refusal(t, link.open({ host: '127.0.0.1', port: 1 }));
    t.regex(error.message, /AllowTcpForwarding/);
  });

  test.serial('a host that allows no session still forwards', async (t) => {
    await using sshd = await Sshd.start(['MaxSessions 0']);
    await using target = await Target.start((socket) => socket.end('through'));
    await using link = await connected(dial, resolved(sshd));
    t.is(String(await readAll(await link.open(target.address))), 'through');
  });

  test.serial('a login that the host refuses is told from one that does not come about', async (t) => {
    await using sshd = await Sshd.start();
    const stranger = join(sshd.folder, 'stranger');
    await makeKey(stranger);
    const identity = { identityFiles: [stranger], requiredIdentityFiles: [stranger] };
    await dialFails(t, dial(resolved(sshd, identity)), 'auth-failed');
    const absent = join(sshd.folder, 'absent');
    const missing = { identityFiles: [absent], requiredIdentityFiles: [absent] };
    await dialFails(t, dial(resolved(sshd, missing)), 'bad-identity');
    await dialFails(t, dial(resolved(sshd, { port: await freePort() })), 'unreachable');
  });
}
