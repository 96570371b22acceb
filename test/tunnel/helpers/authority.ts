import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ResolvedDestination } from '../../../tunnel/ssh-config/resolved-destination.js';
import { makeKey, type Sshd } from './sshd.js';

const run = promisify(execFile);

/** A certificate authority, with a host and a user that it vouches for. */
export class Authority implements AsyncDisposable {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async start(): Promise<Authority> {
    const folder = await mkdtemp(join(tmpdir(), 'ca-'));
    await makeKey(join(folder, 'ca'));
    return new Authority(folder);
  }

  /** `ssh-ed25519 AAAA…` */
  async publicKey(): Promise<string> {
    const [type, key] = (await readFile(join(this.#folder, 'ca.pub'), 'utf8')).split(' ');
    return `${type} ${key}`;
  }

  /** Lines for sshd_config. */
  get config(): string[] {
    return [
      `TrustedUserCAKeys ${this.#folder}/ca.pub`,
      `HostCertificate ${this.#folder}/host-cert.pub`,
      'AuthorizedPrincipalsFile none',
    ];
  }

  /** Has the host show a certificate for this name. */
  async certifyHost(sshd: Sshd, name: string): Promise<void> {
    const file = join(this.#folder, 'host.pub');
    await copyFile(`${sshd.hostKeyFile}.pub`, file);
    await run('ssh-keygen', ['-q', '-s', join(this.#folder, 'ca'), '-h', '-I', name, '-n', name, file]);
    await sshd.restart();
  }

  async trustedBy(sshd: Sshd): Promise<void> {
    const key = await readFile(join(this.#folder, 'ca.pub'), 'utf8');
    await writeFile(sshd.knownHostsFile, `@cert-authority [127.0.0.1]:${sshd.port} ${key}`);
  }

  /** A key that gets in by its certificate alone. */
  async certifiedIdentity(user: string): Promise<Partial<ResolvedDestination>> {
    const identity = join(this.#folder, 'id');
    await makeKey(identity);
    await run('ssh-keygen', [
      ...['-q', '-s', join(this.#folder, 'ca'), '-I', 'us', '-n', user],
      `${identity}.pub`,
    ]);
    const certificateFiles = [`${identity}-cert.pub`];
    return { identityFiles: [identity], requiredIdentityFiles: [identity], certificateFiles };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true });
  }
}
