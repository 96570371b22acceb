import { CliError } from '../errors.js';
import { explainFileError } from '../system/explain-file-error.js';
import { Spool } from './spool.js';

/** What commands read, each from the beginning. */
export interface CommandInput extends AsyncDisposable {
  read(): AsyncIterable<Buffer>;
}

/** Our standard input for commands on so many hosts; undefined where it is a terminal. */
export function openInput(hosts: number): CommandInput | undefined {
  const { stdin } = process;
  if (stdin.isTTY) return undefined;
  stdin.on('error', () => undefined); // what comes before it is all there is
  if (hosts === 1) {
    // Nobody else needs what has been read.
    return { read: () => stdin, [Symbol.asyncDispose]: async () => void stdin.destroy() };
  }
  const spool = new Spool();
  void keep(spool);
  return {
    read: () => spool.read(),
    [Symbol.asyncDispose]: async () => {
      stdin.destroy();
      await spool[Symbol.asyncDispose]();
    },
  };
}

async function keep(spool: Spool): Promise<void> {
  try {
    for await (const bytes of process.stdin) await spool.append(bytes as Buffer);
    spool.end();
  } catch (error) {
    const message = `Standard input cannot be kept for all hosts: ${explainFileError(error)}. Make room in the directory for temporary files (TMPDIR).`;
    spool.end(new CliError('failed', message, { cause: error }));
  }
}
