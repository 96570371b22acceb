import test from 'ava';
import { EXIT_CODES, exitCodeOf } from '../../../cli/exit-codes.js';
import { Tunnel, TunnelError } from '../../../tunnel/index.js';
import { Meddler, type Meddling } from '../helpers/meddler.js';
import { resolved } from '../helpers/resolved.js';
import { Sshd } from '../helpers/sshd.js';
import { never } from '../transport/contract/connected.js';

/** Changes a bit of the n-th string after the type of the message: host key, ephemeral key, signature. */
function flip(index: number, byteFromEnd: number): Meddling {
  return (payload) => {
    let at = 1;
    for (let skipped = 0; skipped < index; skipped += 1) at += 4 + payload.readUInt32BE(at);
    const end = at + 4 + payload.readUInt32BE(at);
    payload[end - byteFromEnd] = (payload[end - byteFromEnd] ?? 0) ^ 1;
  };
}

const SIGNATURE = 2;
const MEDDLINGS: Record<string, { readonly inKexInit?: Meddling; readonly inReply?: Meddling }> = {
  'the signature': { inReply: flip(SIGNATURE, 1) },
  'its beginning': { inReply: flip(SIGNATURE, 64) },
  'the name of its algorithm': { inReply: flip(SIGNATURE, 69) },
  'its inner length': { inReply: flip(SIGNATURE, 65) },
  'the key that the host sent for this session': { inReply: flip(1, 1) },
  'the list of algorithms': {
    inKexInit: (payload) => {
      payload[1] = (payload[1] ?? 0) ^ 1;
    },
  },
};

for (const transport of ['ssh2', 'openssh'] as const) {
  test.serial(
    `whoever meddles with the proof of a host key is found out over ${transport}, once`,
    async (t) => {
      await using sshd = await Sshd.start(['MaxStartups 100']);
      const knownHostsFiles = [sshd.anyPortKnownHostsFile];
      for (const [what, meddling] of Object.entries(MEDDLINGS)) {
        await using meddler = await Meddler.start(sshd.port, meddling);
        const destinations = [resolved(sshd, { port: meddler.port, knownHostsFiles })];
        const error = await t.throwsAsync(Tunnel.open({ destinations, transport }), {
          instanceOf: TunnelError,
        });
        t.is(error.code, 'host-key-unproven', `${what}: ${error.message}`);
        t.is(exitCodeOf(error), EXIT_CODES.refused);
        t.regex(error.message, /could not prove that it owns the key.*Someone may be intercepting/);
        t.is(meddler.connections, 1, what);
      }
      t.false(sshd.log.some((line) => line.includes('Accepted')));
    },
  );

  test.serial(`a tunnel over ${transport} does not come back to who cannot prove its key`, async (t) => {
    await using sshd = await Sshd.start();
    const meddling: { inReply?: Meddling } = {};
    await using meddler = await Meddler.start(sshd.port, {
      inReply: (payload) => meddling.inReply?.(payload),
    });
    const knownHostsFiles = [sshd.anyPortKnownHostsFile];
    const destinations = [resolved(sshd, { port: meddler.port, knownHostsFiles })];
    await using tunnel = await Tunnel.open({ destinations, transport });
    meddling.inReply = flip(SIGNATURE, 1);
    await sshd.killConnections();
    const connections = meddler.connections;
    for await (const { status, reason } of tunnel.states({ signal: never })) {
      if (status !== 'failed') continue;
      t.is(reason?.code, 'host-key-unproven');
      break;
    }
    // A connection that a loss was expected of is tried for once at once.
    t.true(meddler.connections <= connections + 2);
  });
}
