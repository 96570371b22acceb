import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

export interface Issued {
  readonly certFile: string;
  readonly keyFile: string;
}

/** A certificate authority of one's own, in a directory that goes with it. */
export class Authority implements AsyncDisposable {
  readonly folder: string;
  readonly caFile: string;
  readonly #keyFile: string;
  #issued = 0;

  static async create(): Promise<Authority> {
    const authority = new Authority(await mkdtemp(path.join(tmpdir(), 'hawser-authority-')));
    const files = ['-keyout', authority.#keyFile, '-out', authority.caFile];
    await run('openssl', ['req', '-x509', ...newKey, ...files, '-subj', '/CN=authority', '-days', '2']);
    return authority;
  }

  private constructor(folder: string) {
    this.folder = folder;
    this.caFile = path.join(folder, 'ca.pem');
    this.#keyFile = path.join(folder, 'ca.key');
  }

  /** @param names such as `DNS:localhost` or `IP:127.0.0.1`. @param days less than 0 for a certificate that has expired. */
  async issue(names: readonly string[], days = 2): Promise<Issued> {
    this.#issued += 1;
    const file = (ending: string): string => path.join(this.folder, `${this.#issued}.${ending}`);
    const [certFile, keyFile, request, extensions] = ['pem', 'key', 'csr', 'ext'].map(file);
    if (!certFile || !keyFile || !request || !extensions) throw new Error('there are no names for the files');
    const uses = `subjectAltName=${names.join(',')}\nextendedKeyUsage=serverAuth,clientAuth\n`;
    await writeFile(extensions, uses);
    await run('openssl', ['req', ...newKey, '-keyout', keyFile, '-out', request, '-subj', '/CN=issued']);
    const signing = ['-CA', this.caFile, '-CAkey', this.#keyFile, '-CAcreateserial', '-days', String(days)];
    await run('openssl', [
      'x509',
      '-req',
      '-in',
      request,
      ...signing,
      '-extfile',
      extensions,
      '-out',
      certFile,
    ]);
    return { certFile, keyFile };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}
