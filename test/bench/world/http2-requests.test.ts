import test from 'ava';
import fc from 'fast-check';
import { Http2Requests } from './http2-requests.js';

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const SETTINGS = 4;
const HEADERS = 1;
const PING = 6;

function frame(type: number, sizeBytes: number): Buffer {
  const header = Buffer.alloc(9);
  header.writeUIntBE(sizeBytes, 0, 3);
  header.writeUInt8(type, 3);
  return Buffer.concat([header, Buffer.alloc(sizeBytes, 1)]);
}

test.serial('requests are counted however the stream is cut into chunks', (t) => {
  const stream = Buffer.concat([
    PREFACE,
    frame(SETTINGS, 18),
    frame(HEADERS, 40),
    frame(0, 300),
    frame(HEADERS, 5),
  ]);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 60 })), (sizes) => {
      const requests = new Http2Requests();
      let counted = 0;
      let from = 0;
      for (const size of [...sizes, stream.length]) {
        counted += requests.read(stream.subarray(from, from + size)).requests;
        from += size;
      }
      t.is(counted, 2);
    }),
    { numRuns: 50 },
  );
});

test.serial('upkeep of the connection is no message', (t) => {
  const requests = new Http2Requests();
  t.false(requests.read(Buffer.concat([PREFACE, frame(SETTINGS, 18)])).isMessage);
  t.false(requests.read(frame(PING, 8)).isMessage);
  t.true(requests.read(frame(0, 8)).isMessage);
});
