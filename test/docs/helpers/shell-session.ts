import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';

/** How a command went. */
export interface Ran {
  /** Both outputs, in their order. */
  readonly output: string;
  readonly code: number;
}

interface SessionOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/** One bash, as a person keeps it open: directories, variables and functions stay from one command to the next. */
export class ShellSession implements AsyncDisposable {
  readonly #options: SessionOptions;
  readonly #bash: ChildProcessWithoutNullStreams;
  #output = '';
  #wake = (): void => {};

  constructor({ cwd, env }: SessionOptions) {
    this.#options = { cwd, env };
    this.#bash = spawn('setpriv', ['--pdeathsig', 'KILL', '--', 'bash', '--noprofile', '--norc', '-s'], {
      ...this.#options,
      detached: true,
      stdio: 'pipe',
    });
    for (const stream of [this.#bash.stdout, this.#bash.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text;
        this.#wake();
      });
    this.#bash.once('exit', () => this.#wake());
    this.#bash.stdin.on('error', () => undefined);
    this.#bash.stdin.write('exec 2>&1\n');
  }

  /** Runs a command and waits for its end. @throws Error if it ends the shell */
  async run(command: string, { answersYes = false } = {}): Promise<Ran> {
    const end = `end-of-command-${Math.random().toString(36).slice(2)}`;
    const quoted = `'${command.replaceAll("'", "'\\''")}'`;
    const answer = answersYes ? 'HAWSER_EXAMPLE_ANSWER=--yes ' : '';
    this.#output = '';
    // Nothing that runs here can read the commands that follow.
    this.#bash.stdin.write(`${answer && `export ${answer};`} eval ${quoted} </dev/null; (exit $?)\n`);
    this.#bash.stdin.write(`printf '\\n%s %s\\n' ${end} $?; unset HAWSER_EXAMPLE_ANSWER\n`);
    const pattern = new RegExp(`\\n${end} (\\d+)\\n`);
    for (;;) {
      const found = pattern.exec(this.#output);
      if (found !== null) return { output: this.#output.slice(0, found.index), code: Number(found[1]) };
      if (this.#bash.exitCode !== null || this.#bash.signalCode !== null)
        throw new Error(`the shell has ended: ${this.#output}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Runs a command that goes on, and presses Ctrl-C as soon as it has printed a text. */
  async interrupt(command: string, text: string): Promise<Ran> {
    const { output: cwd } = await this.run('printf %s "$PWD"');
    const child = spawn('bash', ['--noprofile', '--norc', '-c', `exec 2>&1; ${command}`], {
      cwd,
      env: this.#options.env,
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let output = '';
    let isInterrupted = false;
    child.stdout.setEncoding('utf8').on('data', (more: string) => {
      output += more;
      if (isInterrupted || !output.includes(text) || child.pid === undefined) return;
      isInterrupted = true;
      process.kill(-child.pid, 'SIGINT');
    });
    const [code] = await once(child, 'close');
    if (!isInterrupted) throw new Error(`it ended without printing ${text}: ${output}`);
    return { output, code: code ?? 130 };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#bash.exitCode !== null || this.#bash.pid === undefined) return;
    const exited = once(this.#bash, 'exit');
    process.kill(-this.#bash.pid, 'SIGKILL');
    await exited;
  }
}
