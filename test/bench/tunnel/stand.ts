import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Sshd } from '../../tunnel/sshd.js';
import { Etcd } from '../../world/etcd.js';

const QUOTA_BYTES = 8 * 2 ** 30;
/** Memory that is a folder, where the system has it: the disk is not what is measured. */
const IN_MEMORY = '/dev/shm';

/** One etcd behind one sshd, on loopback: what everything is measured against. */
export class Stand implements AsyncDisposable {
  readonly etcd: Etcd;
  readonly sshd: Sshd;
  readonly #data: string;

  static async start(): Promise<Stand> {
    const data = await mkdtemp(path.join(existsSync(IN_MEMORY) ? IN_MEMORY : tmpdir(), 'bench-'));
    const [etcd, sshd] = await Promise.all([
      Etcd.start(['--data-dir', data, '--quota-backend-bytes', String(QUOTA_BYTES)]),
      Sshd.start(['MaxStartups 200', 'MaxSessions 100']),
    ]);
    return new Stand(etcd, sshd, data);
  }

  private constructor(etcd: Etcd, sshd: Sshd, data: string) {
    this.etcd = etcd;
    this.sshd = sshd;
    this.#data = data;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sshd[Symbol.asyncDispose]();
    await this.etcd[Symbol.asyncDispose]();
    await rm(this.#data, { recursive: true, force: true });
  }
}
