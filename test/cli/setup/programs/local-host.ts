import { spawn } from 'node:child_process';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import type { HostShell } from '../../../../cli/setup/host/host-shell.js';
import { PROGRAMS_FOLDER } from '../../../../cli/setup/programs/local-program.js';

/** This machine's shell as that of a host, which has its programs below a folder. */
export function localHost(folder: string): Pick<HostShell, 'name' | 'run'> {
  return {
    name: 'web1',
    run: async (script, { args = [], input = new Uint8Array() } = {}) => {
      const moved = args.map((arg) => arg.replace(PROGRAMS_FOLDER, folder));
      const child = spawn('sh', ['-c', script, 'sh', ...moved]);
      const { stdin, stdout, stderr } = child;
      const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
      const chunks = input instanceof Uint8Array ? [input] : input;
      const sent = pipeline(Readable.from(chunks, { objectMode: false }), stdin).catch(() => undefined);
      const [out, err, code] = await Promise.all([text(stdout), text(stderr), ended, sent]);
      return { code, stdout: out, stderr: err };
    },
  };
}
