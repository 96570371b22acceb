import type { RemoteCommand } from '../../tunnel/exec/remote-command.js';
import type { Pty, SessionProgram } from '../../tunnel/exec/session-program.js';
import type { Tunnel } from '../../tunnel/tunnel.js';
import { exitCodeOf } from '../exec/host-outcome.js';
import { terminalOutput, writeRemark } from '../output/write-output.js';
import { ESCAPE_HELP, type EscapeAction, EscapeKeys } from './escape-keys.js';

/** What ssh assumes where a terminal does not say. */
const USUAL = { columns: 80, rows: 24 };

/**
 * Gives a program on a host our terminal until it ends: what is typed goes there key by key, what it writes comes here as it is,
 * and its size follows ours. The terminal is as before afterwards, whatever happens.
 *
 * @returns the exit code of the program; 255 after `~.`
 * @throws TunnelError as `Tunnel.exec` and `RemoteCommand.exit`, and the reason of the signal
 */
export async function runTerminalSession(
  tunnel: Tunnel,
  program: SessionProgram,
  { hostname, signal }: { readonly hostname: string; readonly signal: AbortSignal },
): Promise<number> {
  const command = await tunnel.exec(program, { pty: ourPty(), signal });
  const session = new TerminalSession(command);
  try {
    const exit = await command.exit;
    await session.drained;
    return exitCodeOf(exit);
  } catch (error) {
    if (!session.isDisconnected) throw error;
  } finally {
    session.close();
  }
  writeRemark(`Disconnected from ${hostname}.`);
  return DISCONNECTED;
}

const DISCONNECTED = 255;

function ourPty(): Pty {
  const { columns, rows } = sizeOf(terminalOutput());
  return { term: process.env['TERM'] || 'xterm', columns, rows };
}

function sizeOf({ columns, rows }: NodeJS.WriteStream) {
  return { columns: columns || USUAL.columns, rows: rows || USUAL.rows };
}

class TerminalSession {
  readonly drained: Promise<void>;
  isDisconnected = false;
  readonly #command: RemoteCommand;
  readonly #keys = new EscapeKeys();
  readonly #output = terminalOutput();

  constructor(command: RemoteCommand) {
    this.#command = command;
    this.drained = this.#show();
    command.stderr.resume();
    this.#output.on('resize', this.#resize);
    process.on('SIGCONT', this.#continued);
    process.stdin.on('data', this.#typed).once('end', this.#ended);
    this.#setRaw(true);
  }

  /** Gives the terminal back. */
  close(): void {
    this.#setRaw(false);
    this.#output.off('resize', this.#resize);
    process.off('SIGCONT', this.#continued);
    process.stdin.off('data', this.#typed).off('end', this.#ended).pause();
  }

  async #show(): Promise<void> {
    this.#command.stdout.pipe(this.#output, { end: false });
    await new Promise<void>((resolve) => this.#command.stdout.once('close', resolve));
  }

  readonly #resize = (): void => this.#command.resize(sizeOf(this.#output));
  readonly #ended = (): void => void this.#command.stdin.end();

  /** After ~^Z and fg. */
  readonly #continued = (): void => {
    this.#setRaw(true);
    this.#resize();
  };

  readonly #typed = (keys: Buffer): void => {
    const { bytes, actions } = this.#keys.type(keys);
    if (bytes.length > 0 && !this.#command.stdin.write(bytes)) {
      process.stdin.pause();
      this.#command.stdin.once('drain', () => process.stdin.resume());
    }
    for (const action of actions) this.#act(action);
  };

  #act(action: EscapeAction): void {
    if (action === 'help') this.#output.write(`${ESCAPE_HELP.join('\r\n')}\r\n`);
    else if (action === 'suspend') {
      this.#setRaw(false);
      process.kill(process.pid, 'SIGTSTP');
    } else {
      this.isDisconnected = true;
      void this.#command.close();
    }
  }

  #setRaw(isRaw: boolean): void {
    if (process.stdin.isTTY) process.stdin.setRawMode(isRaw);
  }
}
