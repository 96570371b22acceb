import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import test from 'ava';
import { waitUntil } from '../../../fixtures/helpers/wait-until.js';
import { resolved } from '../../helpers/resolved.js';
import { Sshd } from '../../helpers/sshd.js';
import { Target } from '../../helpers/target.js';
import { closing, connected, type Dial, readAll, settled } from './connected.js';

/** More than every buffer and window on the way together. */
const FLOOD_BYTES = 64 << 20;
const CHUNK = Buffer.alloc(1 << 20);
/** What may be under way to someone who does not read. */
const MAX_IN_FLIGHT_BYTES = 32 << 20;

export function testChannels(dial: Dial): void {
  test.serial('bytes go there and back', async (t) => {
    await using sshd = await Sshd.start();
    await using target = await Target.start();
    await using link = await connected(dial, resolved(sshd));
    const content = randomBytes(8 << 20);
    const channel = await link.open(target.address);
    channel.end(content);
    t.true((await readAll(channel)).equals(content));
  });

  test.serial('a unix socket is reached too', async (t) => {
    await using sshd = await Sshd.start();
    const socketPath = join(sshd.folder, 'target');
    const server = createServer((socket) => socket.end('from a socket')).listen(socketPath);
    t.teardown(() => server.close());
    await using link = await connected(dial, resolved(sshd));
    t.is(String(await readAll(await link.open({ socketPath }))), 'from a socket');
  });

  test.serial('either side may stop sending first', async (t) => {
    await using sshd = await Sshd.start();
    await using answering = await Target.start((socket) => {
      void readAll(socket).then((request) => socket.end(`got ${request}`));
    });
    const received: Buffer[] = [];
    await using taking = await Target.start((socket) => {
      socket.end('done');
      socket.on('data', (data: Buffer) => received.push(data));
    });
    await using link = await connected(dial, resolved(sshd));
    t.is(String(await readAll((await link.open(answering.address)).end('a request'))), 'got a request');

    const accepted = taking.connection();
    const channel = await link.open(taking.address);
    const closed = closing(channel);
    t.is(String(await readAll(channel)), 'done');
    const far = await accepted;
    channel.end('still heard');
    await once(far, 'end');
    t.is(String(Buffer.concat(received)), 'still heard');
    await closed;
  });

  test.serial('whoever sends to a side that does not read has to wait', async (t) => {
    await using sshd = await Sshd.start();
    let takenBytes = 0;
    await using flooding = await Target.start((socket) => {
      const flood = () => {
        takenBytes += CHUNK.length;
        if (takenBytes < FLOOD_BYTES) socket.write(CHUNK, flood);
      };
      socket.write(CHUNK, flood);
    });
    await using deaf = await Target.start((socket) => socket.pause());
    await using link = await connected(dial, resolved(sshd));

    const unread = await link.open(flooding.address);
    const inFlightBytes = await settled(() => takenBytes);
    t.true(inFlightBytes < MAX_IN_FLIGHT_BYTES, `${inFlightBytes} bytes were taken`);
    let readBytes = 0;
    for await (const chunk of unread) {
      readBytes += chunk.length;
      if (readBytes === FLOOD_BYTES) break;
    }
    t.is(readBytes, FLOOD_BYTES);

    const channel = await link.open(deaf.address);
    let sentBytes = 0;
    const send = () => {
      while (sentBytes < FLOOD_BYTES && channel.write(CHUNK)) sentBytes += CHUNK.length;
    };
    channel.on('drain', send);
    send();
    t.true((await settled(() => sentBytes)) < MAX_IN_FLIGHT_BYTES);
    channel.destroy();
  });

  test.serial('five hundred channels pass and none is left', async (t) => {
    await using sshd = await Sshd.start();
    await using target = await Target.start();
    await using link = await connected(dial, resolved(sshd));
    for (let round = 0; round < 10; round += 1) {
      const answers = Array.from({ length: 50 }, async (_, i) => {
        const channel = await link.open(target.address);
        return String(await readAll(channel.end(`${round} ${i}`)));
      });
      t.deepEqual(
        await Promise.all(answers),
        answers.map((_, i) => `${round} ${i}`),
      );
    }
    await waitUntil('no connection is left', () => target.sockets.size === 0);
  });

  test.serial('a channel that is closed closes its target', async (t) => {
    await using sshd = await Sshd.start();
    await using target = await Target.start((socket) => socket.write('hello'));
    await using link = await connected(dial, resolved(sshd));
    const accepted = target.connection();
    const channel = await link.open(target.address);
    const far = await accepted;
    channel.resume().destroy();
    await once(far.resume(), 'end');
    t.pass();
  });
}
