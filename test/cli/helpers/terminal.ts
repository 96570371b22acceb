import { readFileSync } from 'node:fs';
import { spawn } from '@lydell/node-pty';
import xterm from '@xterm/headless';
import type { ExecutionContext } from 'ava';
import { programFile } from '../../../fixtures/fleet/project-paths.js';

const deadlineMs = 60_000;

/** The command line in a real pseudo-terminal, read as the screen that a person sees. */
export interface Terminal {
  /** What the screen shows. */
  screen(): string;
  /** All that was written to the terminal, with the line feeds that it was sent. */
  written(): string;
  /** Types; `\r` is the Enter key, `\x03` is ^C. */
  type(keys: string): void;
  /** Waits until the screen shows a text. */
  shows(expected: RegExp): Promise<void>;
  /** Changes its size. */
  resize(columns: number, rows: number): void;
  /** Sends a signal to the command, or to what the shell runs. */
  signal(name: NodeJS.Signals): void;
  readonly exited: Promise<number>;
}

interface TerminalOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly columns?: number;
  readonly rows?: number;
  /** How a shell runs the command, which is `"$@"`. */
  readonly script?: string;
  /** Another program than the command line, for Node. */
  readonly program?: string;
}

/** Starts the command line in a terminal that ends with the test: of 100 columns and 30 rows, unless told otherwise. */
export function hawserInTerminal(
  t: ExecutionContext,
  args: readonly string[],
  options: TerminalOptions,
): Terminal {
  return programInTerminal(t, [process.execPath, options.program ?? programFile, ...args], options);
}

/** Likewise, from a shell that then shows the exit code and how the terminal was left. */
export function hawserInShell(
  t: ExecutionContext,
  args: readonly string[],
  options: TerminalOptions,
): Terminal {
  // What a program writes last can be lost with it, so the shell stays until all is on the screen.
  const { script = '"$@"' } = options;
  const shell = ['sh', '-c', `${script}; echo "exit code $?"; stty -a; read -r _`, 'sh'] as const;
  const terminal = programInTerminal(t, [...shell, process.execPath, programFile, ...args], options);
  const leave = async () => {
    await terminal.shows(/^exit code \d+$[\s\S]*-?extproc$/m);
    terminal.type('\n');
    return terminal.exited;
  };
  return {
    ...terminal,
    get exited() {
      return leave();
    },
  };
}

/** Likewise any program. */
export function programInTerminal(
  t: ExecutionContext,
  [program, ...args]: readonly [string, ...string[]],
  options: TerminalOptions,
): Terminal {
  const { columns: cols = 100, rows = 30 } = options;
  const emulator = new xterm.Terminal({ cols, rows, allowProposedApi: true });
  const child = spawn(program, args, {
    name: 'xterm-256color',
    cols,
    rows,
    cwd: options.cwd,
    env: { PATH: process.env['PATH'] ?? '', HOME: options.cwd, ...options.env },
  });
  let wake = () => {};
  let written = '';
  emulator.onData((answer) => child.write(answer));
  child.onData((output) => {
    written += output;
    emulator.write(output, () => wake());
  });
  const exited = new Promise<number>((resolve) => {
    child.onExit(({ exitCode }) => emulator.write('', () => resolve(exitCode)));
  });
  let running = true;
  void exited.then(() => {
    running = false;
    wake();
  });
  t.teardown(() => {
    if (running) child.kill('SIGKILL');
    emulator.dispose();
  });

  const screen = () => {
    const { active } = emulator.buffer;
    const lines = Array.from(
      { length: active.length },
      (_, row) => active.getLine(row)?.translateToString(true) ?? '',
    );
    return lines.join('\n').trimEnd();
  };
  const shows = async (expected: RegExp) => {
    const until = setTimeout(() => wake(), deadlineMs);
    const startedAt = performance.now();
    while (!expected.test(screen())) {
      if (!running || performance.now() - startedAt > deadlineMs)
        throw new Error(`${expected} is not on the screen:\n${screen()}`);
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    clearTimeout(until);
  };
  return {
    screen,
    written: () => written.replaceAll('\r\n', '\n'),
    shows,
    resize: (columns, toRows) => {
      emulator.resize(columns, toRows);
      child.resize(columns, toRows);
    },
    signal: (name) => {
      const [inner] = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').split(' ');
      process.kill(Number(inner) || child.pid, name);
    },
    type: (keys) => child.write(keys),
    exited,
  };
}
