import { once } from 'node:events';
import test from 'ava';
import fc from 'fast-check';
import { EXTRA_BYTES, widening } from '../../../tunnel/transport/ssh2/internals/widen-receive-windows.js';
import { ssh2Transport } from '../../../tunnel/transport/ssh2/ssh2-transport.js';
import { waitUntil } from '../../fixtures/helpers/wait-until.js';
import { resolved } from '../helpers/resolved.js';
import { Sshd } from '../helpers/sshd.js';
import { Target } from '../helpers/target.js';

const OWN_BYTES = 2 << 20;
/** What a window that shows -1 for 0 may be above its size. */
const SLACK_BYTES = 1;

/** ssh2's own accounting over a window: it drops what comes at 0 and fills up to its 2 MiB from half of that on. */
class Accounting {
  grantedBytes = OWN_BYTES;
  receivedBytes = 0;
  droppedBytes = 0;
  readonly #window: ReturnType<typeof widening>;

  constructor(widen: () => boolean) {
    this.#window = widening(OWN_BYTES, widen);
  }

  get outstandingBytes(): number {
    return this.grantedBytes - this.receivedBytes;
  }

  receive(bytes: number): void {
    if (this.#window.get() === 0) this.droppedBytes += bytes;
    this.receivedBytes += bytes;
    this.#window.set(this.#window.get() - bytes);
  }

  renew(): void {
    if (this.#window.get() > OWN_BYTES / 2) return;
    const more = OWN_BYTES - this.#window.get();
    this.#window.set(this.#window.get() + more);
    this.grantedBytes += more;
  }
}

const packets = fc.array(fc.record({ bytes: fc.constantFrom(1, 9, 1000, 32_768), isRead: fc.boolean() }), {
  minLength: 400,
  maxLength: 800,
});

test.serial('a window that is widened loses nothing and grants its extra exactly once', (t) => {
  fc.assert(
    fc.property(packets, (sequence) => {
      const accounting = new Accounting(() => true);
      for (const { bytes, isRead } of sequence) {
        const fits = Math.min(bytes, accounting.outstandingBytes);
        if (fits > 0) accounting.receive(fits);
        if (isRead) accounting.renew();
        if (accounting.outstandingBytes > OWN_BYTES + EXTRA_BYTES + SLACK_BYTES) return false;
      }
      accounting.renew();
      return accounting.droppedBytes === 0;
    }),
  );
  const accounting = new Accounting(() => true);
  accounting.receive(OWN_BYTES);
  accounting.renew();
  t.is(accounting.outstandingBytes, OWN_BYTES + EXTRA_BYTES);
  while (accounting.outstandingBytes > 0) accounting.receive(32_768);
  t.is(accounting.droppedBytes, 0);
});

test.serial('a window that may not be widened stays as ssh2 has it', (t) => {
  const accounting = new Accounting(() => false);
  for (let packet = 0; packet < 64; packet += 1) accounting.receive(32_768);
  t.is(accounting.outstandingBytes, 0);
  accounting.renew();
  t.is(accounting.droppedBytes, 0);
  t.is(accounting.outstandingBytes, OWN_BYTES + SLACK_BYTES);
});

test.serial(
  'a channel on which much was received may have more under way, but no more than that',
  async (t) => {
    await using sshd = await Sshd.start();
    await using target = await Target.start((socket) => socket.write(Buffer.alloc(64 << 20)));
    const signal = new AbortController().signal;
    const link = await ssh2Transport.dial(resolved(sshd), {
      keepaliveIntervalMs: 2_000,
      keepaliveCountMax: 3,
      signal,
    });
    t.teardown(() => link.close());
    const channel = await link.openChannel(target.address, { signal });
    for (let readBytes = 0; readBytes < 4 << 20; ) {
      const chunk: Buffer | null = channel.read();
      if (chunk === null) await once(channel, 'readable');
      else readBytes += chunk.length;
    }
    await waitUntil('more than ssh2 grants is held here', () => channel.readableLength > 2 * OWN_BYTES);
    // ssh2 grants a window again when half of it has come; that half may be unread, and its last packet overshoot it.
    const unread = OWN_BYTES / 2 + 32_768;
    t.true(
      channel.readableLength <= unread + OWN_BYTES + EXTRA_BYTES + SLACK_BYTES,
      `${channel.readableLength}`,
    );
  },
);
