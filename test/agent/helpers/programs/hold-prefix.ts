/** Tries to take the prefix that is its argument at each line of its input, and says what came of it. */
import { createInterface } from 'node:readline';
import { PrefixLock } from '../../../../agent/control/prefix-lock.js';

const [, , prefix = ''] = process.argv;
const held: PrefixLock[] = [];
process.stdout.write('ready\n');
for await (const _ of createInterface({ input: process.stdin })) {
  try {
    const socket = await PrefixLock.open(prefix, {
      state: () => ({
        hostname: 'holder',
        pid: process.pid,
        version: '0',
        server: { state: 'none', dataFolder: false },
      }),
      rebuild: async () => {},
      rejoin: async () => {},
      restore: async () => {},
      log: () => {},
    });
    held.push(socket);
    process.stdout.write('held\n');
  } catch (error) {
    process.stdout.write(`${(error as { code?: unknown }).code}: ${(error as Error).message}\n`);
  }
}
