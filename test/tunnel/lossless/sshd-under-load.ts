import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Client } from '../../../world/index.js';
import { Etcd } from '../../world/helpers/etcd.js';
import { Sshd } from '../helpers/sshd.js';
import { Controller } from './controller.js';
import { NAMESPACE } from './protocol.js';
import type { Ending } from './verdict.js';

const writer = fileURLToPath(new URL('./programs/write-events.js', import.meta.url));

/** One etcd behind one sshd, both processes of this machine, with a controller that keeps them under load. */
export class SshdUnderLoad implements AsyncDisposable {
  readonly sshd: Sshd;
  readonly controller: Controller;
  readonly #etcd: Etcd;
  readonly #reader: Client;
  readonly #ending = new AbortController();
  readonly #written: Promise<void>;

  /** Settles when puts and events flow. `config` are lines for sshd_config. */
  static async start(config: readonly string[] = []): Promise<SshdUnderLoad> {
    const [etcd, sshd] = await Promise.all([Etcd.start(), Sshd.start(config)]);
    const controller = await Controller.start({ tunnel: sshd.options, seeds: [etcd.url] });
    const site = new SshdUnderLoad(sshd, etcd, controller);
    await controller.recovered();
    return site;
  }

  private constructor(sshd: Sshd, etcd: Etcd, controller: Controller) {
    this.sshd = sshd;
    this.controller = controller;
    this.#etcd = etcd;
    this.#reader = Client.create({ endpoints: [etcd.url], namespace: NAMESPACE });
    this.#written = this.#writeEvents();
    // Who asks for the verdict learns of it.
    this.#written.catch(() => undefined);
  }

  get ending(): Ending {
    return { reader: this.#reader, controller: this.controller, written: this.#written };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#written.catch(() => undefined);
    await this.controller[Symbol.asyncDispose]();
    await this.#reader.close();
    await this.sshd[Symbol.asyncDispose]();
    await this.#etcd[Symbol.asyncDispose]();
  }

  /** Over a path of its own: what happens while SSH is down must be seen afterwards. */
  async #writeEvents(): Promise<void> {
    const child = spawn(process.execPath, [writer, this.#etcd.url], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const kill = () => child.kill('SIGKILL');
    this.#ending.signal.addEventListener('abort', kill, { once: true });
    const [code, signal] = await once(child, 'exit');
    if (code !== 0) throw new Error(`the writer of events ended with ${code ?? signal}`);
  }
}
