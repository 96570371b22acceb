import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Place, Sshd } from '../../tunnel/helpers/sshd.js';
import { Etcd } from '../../world/helpers/etcd.js';

const QUOTA_BYTES = 8 * 2 ** 30;
/** Memory that is a directory, where the system has it: the disk is not what is measured. */
const IN_MEMORY = '/dev/shm';

/** One etcd behind one sshd, on loopback or at a place: what everything is measured against. */
export class Stand implements AsyncDisposable {
  readonly etcd: Etcd;
  readonly sshd: Sshd;
  /** Where etcd is reached without SSH. */
  readonly address: string;
  readonly #data: string;

  static async start(place?: Place): Promise<Stand> {
    const data = await mkdtemp(path.join(existsSync(IN_MEMORY) ? IN_MEMORY : tmpdir(), 'bench-'));
    const extra = ['--data-dir', data, '--quota-backend-bytes', String(QUOTA_BYTES)];
    const [etcd, sshd] = await Promise.all([
      place === undefined ? Etcd.start(extra) : Etcd.startAt(place, extra),
      Sshd.start(['MaxStartups 200', 'MaxSessions 100'], place === undefined ? {} : { place }),
    ]);
    return new Stand(etcd, sshd, data, place?.address ?? '127.0.0.1');
  }

  private constructor(etcd: Etcd, sshd: Sshd, data: string, address: string) {
    this.address = address;
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
