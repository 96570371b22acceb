import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { ExecutionContext } from 'ava';
import { type EtcdUser, EtcdWorld } from '../../../world/index.js';
import { Etcd } from '../../world/helpers/etcd.js';
import { checkJsonOutput } from './check-json-output.js';
import { hawser, lastJson, type Result, type RunOptions, startHawser } from './hawser.js';

/** The command line on an etcd that it dials directly: for what does not depend on how the fleet is reached. */
export class DirectEtcd implements AsyncDisposable {
  readonly etcd: Etcd;

  static async start(): Promise<DirectEtcd> {
    return new DirectEtcd(await Etcd.start());
  }

  private constructor(etcd: Etcd) {
    this.etcd = etcd;
  }

  /** For what the command line cannot do. */
  world(hostname: string, user?: EtcdUser): EtcdWorld {
    return EtcdWorld.create({ seeds: [this.etcd.url], hostname, user });
  }

  run(args: readonly string[], options?: RunOptions): Promise<Result> {
    return hawser([...args, '--seeds', this.etcd.url], options);
  }

  /** What a command that has to succeed prints as JSON. */
  async json(args: readonly string[], options?: RunOptions): Promise<unknown> {
    const { code, stdout, stderr } = await this.run([...args, '--json'], options);
    // Problems of the fleet are no failure to tell them.
    const told = args[0] === 'status' && code === 1 && stdout !== '';
    if (code !== 0 && !told) throw new Error(`${args.join(' ')} ended with ${code}: ${stderr}`);
    return lastJson(stdout);
  }

  /** Starts a command that goes on until it is interrupted. */
  follow(t: ExecutionContext, args: readonly string[]): Following {
    const following = new Following(startHawser([...args, '--json', '--seeds', this.etcd.url]));
    t.teardown(() => following.kill());
    return following;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.etcd[Symbol.asyncDispose]();
  }
}

/** A command that prints one JSON value a line. */
export class Following {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(child: ChildProcess) {
    if (child.stdout === null) throw new TypeError('stdout is a pipe');
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  async next(): Promise<unknown> {
    const { done, value } = await this.#lines.next();
    if (done === true) throw new Error('it ended');
    const [, , ...args] = this.#child.spawnargs;
    checkJsonOutput({ args, stdout: `${value}\n` });
    return JSON.parse(value);
  }

  /** The exit code after a ^C. */
  async interrupt(): Promise<number> {
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGINT');
    const [code] = await exited;
    return code;
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}
