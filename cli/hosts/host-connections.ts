import type { Log } from '../../base/log.js';
import { Questions } from '../../tunnel/question-queue.js';
import { TunnelPool, type TunnelShare } from '../../tunnel/tunnel-pool.js';
import { tunnelOptions } from '../fleet/tunnel-options.js';
import { askFor } from '../prompts/ask-ssh-questions.js';
import { canAsk } from '../prompts/confirm.js';
import type { ChosenHost } from './choose-hosts.js';

/** Connections to chosen hosts: verified as the fleet file says, with one queue of questions for all. */
export class HostConnections implements AsyncDisposable {
  /** Undefined where nobody can be asked. */
  readonly questions: Questions | undefined;
  readonly #pool: TunnelPool;
  readonly #log: Log;

  constructor(log: Log) {
    const ask = askFor({ canAsk: canAsk() }, log);
    this.questions = ask && new Questions(ask);
    this.#pool = new TunnelPool({ ask: this.questions });
    this.#log = log;
  }

  /**
   * Logs in to a host, as soon as the limits of logins let it.
   * @throws TunnelError as `Tunnel.open`
   */
  async open({ target }: ChosenHost, signal: AbortSignal): Promise<TunnelShare> {
    const options = await tunnelOptions(target, this.#log, signal);
    return this.#pool.open(options, { signal });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.close();
  }
}
