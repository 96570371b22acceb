import { Sshd } from '../../tunnel/sshd.js';
import { Etcd } from '../../world/etcd.js';

const QUOTA_BYTES = 8 * 2 ** 30;

/** One etcd behind one sshd, on loopback: what everything is measured against. */
export class Stand implements AsyncDisposable {
  readonly etcd: Etcd;
  readonly sshd: Sshd;

  static async start(): Promise<Stand> {
    const [etcd, sshd] = await Promise.all([
      Etcd.start(['--quota-backend-bytes', String(QUOTA_BYTES)]),
      Sshd.start(['MaxStartups 200', 'MaxSessions 100']),
    ]);
    return new Stand(etcd, sshd);
  }

  private constructor(etcd: Etcd, sshd: Sshd) {
    this.etcd = etcd;
    this.sshd = sshd;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sshd[Symbol.asyncDispose]();
    await this.etcd[Symbol.asyncDispose]();
  }
}
