import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A real ssh-agent. */
export class SshAgent implements AsyncDisposable {
  readonly socketPath: string;
  readonly #folder: string;
  readonly #process: ChildProcess;

  private constructor(folder: string, socketPath: string, process: ChildProcess) {
    this.#folder = folder;
    this.socketPath = socketPath;
    this.#process = process;
  }

  static async start(): Promise<SshAgent> {
    const folder = await mkdtemp(join(tmpdir(), 'agent-'));
    const socketPath = join(folder, 's');
    const child = spawn('ssh-agent', ['-D', '-a', socketPath], { stdio: ['ignore', 'pipe', 'inherit'] });
    // It prints the socket's path once it listens.
    await once(child.stdout, 'data');
    return new SshAgent(folder, socketPath, child);
  }

  async add(identityFile: string): Promise<void> {
    await run('ssh-add', ['-q', identityFile], { env: { ...process.env, SSH_AUTH_SOCK: this.socketPath } });
  }

  /** Makes it silent. */
  freeze(): void {
    this.#process.kill('SIGSTOP');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await exited;
    await rm(this.#folder, { recursive: true, force: true });
  }
}
