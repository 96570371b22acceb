import fc from 'fast-check';
import { FieldReader, sshString, uint32 } from '../../base/key-formats/wire-fields.js';
import { PacketReader, readString } from '../../tunnel/transport/openssh/split-packets.js';
import { refusesWith, topic } from './topic.js';

const bytes = fc.uint8Array({ maxLength: 60 }).map((all) => Buffer.from(all));
const packet = bytes.map((content) => Buffer.concat([uint32(content.length), content]));
const stream = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: packet },
      { weight: 1, arbitrary: bytes },
      { weight: 1, arbitrary: fc.nat(0xff_ff_ff_ff).map((length) => uint32(length)) },
    ),
    { maxLength: 6 },
  )
  .map((parts) => Buffer.concat(parts));

/** What a reader gives until it stops or gives up. */
function packetsIn(chunks: readonly Buffer[]): readonly (string | undefined)[] {
  const reader = new PacketReader();
  const found: string[] = [];
  const isWhole = refusesWith([RangeError], () => {
    for (const chunk of chunks) for (const one of reader.read(chunk)) found.push(one.toString('hex'));
    return true;
  });
  return isWhole ? found : [...found, undefined];
}

/** What comes from ssh's control socket: however it is cut, the packets are the same. */
export const packets = topic(
  'packets',
  fc.tuple(stream, fc.array(fc.nat(40), { maxLength: 8 })),
  ([all, cuts]) => {
    const places = [0, ...cuts.map((cut) => Math.min(cut, all.length)).sort((a, b) => a - b), all.length];
    const chunks = places.slice(1).map((end, index) => all.subarray(places[index], end));
    const [whole, parts] = [packetsIn([all]), packetsIn(chunks)];
    if (JSON.stringify(whole) !== JSON.stringify(parts))
      throw new Error(`whole: ${whole}; in parts: ${parts}`);
    refusesWith([RangeError], () => readString(all, 0));
    const text = all.toString('utf8');
    if (readString(sshString(text), 0).text !== text) throw new Error('a string does not come back');
    const fields = new FieldReader(all);
    for (const read of [() => fields.string(), () => fields.text(), () => fields.number()]) read();
    return 1;
  },
);
