import { formatBytes } from '../../output/format-quantities.js';
import { type OutputOptions, printNote } from '../../output/print.js';
import { isStatusSeen, writeStatus } from '../../output/write-output.js';
import { type LocalProgram, nameProgram } from './local-program.js';
import type { SendOptions } from './send-programs.js';

/** Shows what is sent to a host, until it is disposed of. */
export interface SendingShown extends Disposable, Required<Pick<SendOptions, 'onStart' | 'onProgress'>> {}

/** On a terminal, a line that is rewritten; in a log, one when it begins. */
export function showSending(host: string, options: OutputOptions): SendingShown {
  const isLive = isStatusSeen() && !options.json;
  let what = '';
  let sizeBytes = 0;
  const there = new Map<string, number>();
  const show = () => {
    const bytes = [...there.values()].reduce((sum, one) => sum + one, 0);
    writeStatus(host, `${host}: ${what}: ${percent(bytes, sizeBytes)} of ${formatBytes(sizeBytes)}`);
  };
  return {
    onStart: (programs) => {
      what = `sending ${[...new Set(programs.map(nameProgram))].join(' and ')}`;
      sizeBytes = programs.reduce((sum, program) => sum + program.sizeBytes, 0);
      if (isLive) show();
      else printNote(options, `${host}: ${what} (${formatBytes(sizeBytes)}) …`);
    },
    onProgress: ({ path }: LocalProgram, thereBytes) => {
      there.set(path, thereBytes);
      if (isLive) show();
    },
    [Symbol.dispose]: () => {
      if (isLive) writeStatus(host, undefined);
    },
  };
}

function percent(bytes: number, ofBytes: number): string {
  return `${Math.min(100, Math.floor((bytes / Math.max(ofBytes, 1)) * 100))} %`;
}
