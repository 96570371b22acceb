import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Sshd } from '../../tunnel/helpers/sshd.js';

export interface SshForwardOptions {
  /** Keep a session open beside the forward. */
  readonly session: boolean;
  readonly targetPort: number;
  /** Where SSH is reached. */
  readonly port: number;
}

/** `ssh -L` with a unix socket. */
export class SshForward implements AsyncDisposable {
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #folder: string;

  /** Settles when the forward takes connections. */
  static async start(sshd: Sshd, options: SshForwardOptions): Promise<SshForward> {
    const folder = await mkdtemp(path.join(tmpdir(), 'bench-'));
    const socket = path.join(folder, 's');
    const child = spawn(
      'ssh',
      [
        ...sshArguments(sshd, options.port),
        ...['-L', `${socket}:127.0.0.1:${options.targetPort}`],
        ...(options.session ? [sshd.destination.host, 'cat'] : ['-N', sshd.destination.host]),
      ],
      { stdio: ['pipe', 'ignore', 'inherit'] },
    );
    while (!(await accepts(socket))) {
      if (child.exitCode !== null) throw new Error(`ssh ended with ${child.exitCode}`);
      await delay(2);
    }
    return new SshForward(socket, child, folder);
  }

  private constructor(socket: string, child: ChildProcess, folder: string) {
    this.url = `unix://${socket}`;
    this.#child = child;
    this.#folder = folder;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const exited = once(this.#child, 'exit');
      this.#child.kill('SIGTERM');
      await exited;
    }
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** Everything that `ssh` needs to get in, and nothing of the person's own configuration. */
export function sshArguments(sshd: Sshd, port = sshd.port): string[] {
  const options = [
    'BatchMode=yes',
    'StrictHostKeyChecking=yes',
    `UserKnownHostsFile=${sshd.anyPortKnownHostsFile}`,
    'GlobalKnownHostsFile=/dev/null',
    'IdentitiesOnly=yes',
    'IdentityAgent=none',
    'ExitOnForwardFailure=yes',
  ];
  return [
    ...['-F', '/dev/null', '-i', sshd.identityFile, '-p', String(port), '-l', sshd.destination.user],
    ...options.flatMap((option) => ['-o', option]),
  ];
}

async function accepts(socketPath: string): Promise<boolean> {
  const socket = connect(socketPath);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false; // it is not there yet
  } finally {
    socket.destroy();
  }
}
