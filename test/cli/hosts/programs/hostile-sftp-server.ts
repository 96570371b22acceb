/** An SFTP server on stdin and stdout that lies about its files, in the way that the file named by its argument says. */
import { readFileSync } from 'node:fs';
import { sshString, uint32 } from '../../../../base/key-formats/wire-fields.js';
import { SFTP } from '../../../../tunnel/sftp/sftp-packets.js';
import { PacketReader } from '../../../../tunnel/transport/openssh/split-packets.js';

const kind = readFileSync(process.argv[2] ?? '', 'utf8');
const HAS_MODE = 4;
const [FOLDER, FILE, LINK] = [0o040755, 0o100644, 0o120777];

/** What each directory holds. */
const LISTS: Readonly<Record<string, readonly (readonly [name: string, mode: number])[]>> = {
  climbing: [['../evil', FILE]],
  absolute: [['/tmp/evil', FILE]],
  twice: [
    ['d', LINK],
    ['d', FOLDER],
  ],
  deep: [['d', FOLDER]],
  garbage: [],
};

const listed = new Set<number>();
let handles = 0;

function send(type: number, ...fields: readonly Buffer[]): void {
  const content = Buffer.concat([Buffer.from([type]), ...fields]);
  process.stdout.write(Buffer.concat([uint32(content.length), content]));
}

function attributes(mode: number): Buffer {
  return uint32(HAS_MODE, mode);
}

type Answer = readonly [type: number, ...fields: Buffer[]];

function answerTo(packet: Buffer): Answer {
  const type = packet.readUInt8(0);
  if (type === SFTP.INIT) return [SFTP.VERSION, uint32(3)];
  const id = uint32(packet.readUInt32BE(1));
  if (type === SFTP.STAT && kind === 'short') return [SFTP.ATTRS, id];
  if (type === SFTP.STAT || type === SFTP.LSTAT)
    return [SFTP.ATTRS, id, attributes(kind === 'link' ? LINK : FOLDER)];
  if (type === SFTP.OPENDIR) {
    handles += 1;
    return [SFTP.HANDLE, id, sshString(uint32(handles))];
  }
  if (type === SFTP.READLINK) return [SFTP.NAME, id, uint32(1), sshString('/tmp'), sshString(''), uint32(0)];
  if (type !== SFTP.READDIR) return [SFTP.STATUS, id, uint32(0), sshString(''), sshString('')];
  return namesOf(packet.readUInt32BE(9), id);
}

function namesOf(handle: number, id: Buffer): Answer {
  if (listed.has(handle) || (handle > 1 && kind !== 'deep'))
    return [SFTP.STATUS, id, uint32(1), sshString(''), sshString('')];
  listed.add(handle);
  const list = LISTS[kind] ?? [];
  const names = list.flatMap(([name, mode]) => [sshString(name), sshString(''), attributes(mode)]);
  return [SFTP.NAME, id, uint32(list.length), ...names];
}

const packets = new PacketReader();
process.stdin.on('data', (chunk: Buffer) => {
  for (const packet of packets.read(chunk)) {
    const isNoise = kind === 'garbage' && packet.readUInt8(0) !== SFTP.INIT;
    if (isNoise) process.stdout.write(Buffer.alloc(64, 0xff));
    else send(...answerTo(packet));
  }
});
