/** Shows two hosts that are being sent programs, and ends after a key; on a terminal it asks a question in between. With --json it waits for nothing. */
import { once } from 'node:events';
import { whileAsking } from '../../../../cli/output/hold-stderr-while-asking.js';
import { printNote } from '../../../../cli/output/print.js';
import { writeRemark } from '../../../../cli/output/write-output.js';
import type { LocalProgram } from '../../../../cli/setup/programs/local-program.js';
import { showSending } from '../../../../cli/setup/programs/show-sending.js';

// What is typed would be echoed.
if (process.stdin.isTTY) process.stdin.setRawMode(true);
const output = { json: process.argv.includes('--json'), verbose: false };
const program = { version: '1.2.3', sha256: '', file: '', compressedSha256: '' } as const;
const bundle: LocalProgram = { ...program, kind: 'bundle', path: 'releases/a', sizeBytes: 1_000_000 };
const runtime: LocalProgram = { ...program, kind: 'runtime', path: 'runtime/b', sizeBytes: 3_000_000 };
const [web1, db1] = ['web1', 'db1'].map((host) => showSending(host, output));
web1?.onStart([bundle, runtime]);
db1?.onStart([bundle]);
web1?.onProgress(bundle, 1_000_000);
db1?.onProgress(bundle, 900_000);
printNote(output, 'cache1: has joined');
web1?.onProgress(runtime, 1_000_000);
if (!output.json) await once(process.stdin, 'data');
if (process.stdin.isTTY && !output.json) {
  await whileAsking(async () => {
    writeRemark('Go ahead?');
    web1?.onProgress(runtime, 2_000_000);
    printNote(output, 'cache1: serves');
    await once(process.stdin, 'data');
  });
  await once(process.stdin, 'data');
}
for (const shown of [web1, db1]) shown?.[Symbol.dispose]();
printNote(output, 'web1: sent');
process.exit();
