import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import type { BareFleet } from '../../../../fixtures/fleet/bare/bare-fleet.js';
import { SUDO_PASSWORD } from '../../../../fixtures/fleet/bare/setup-script.js';
import { cacheSubfolder } from '../../../../fixtures/fleet/install/cache-folder.js';
import { hawser, type Result, type RunOptions, startHawser } from '../../helpers/hawser.js';

/** A person's laptop with hawser, and keys for every host of a bare fleet. */
export class Laptop {
  readonly home: string;
  readonly env: Readonly<Record<string, string>>;
  /** The build of hawser that is installed, if it is not this one. */
  program: string | undefined;

  /**
   * @param where the person's home: its path, or its name in the fleet's private directory
   * @param ports where it reaches hosts instead of at their own ports
   */
  static async of(fleet: BareFleet, where: string, ports?: ReadonlyMap<string, number>): Promise<Laptop> {
    const home = resolve(fleet.folder, where);
    await fleet.writeLaptop(home, ports);
    await writeFile(join(home, 'password'), `${SUDO_PASSWORD}\n`, { mode: 0o600 });
    // Compressing a runtime takes seconds, so it is kept for the next time.
    return new Laptop(home, await cacheSubfolder('laptop'));
  }

  private constructor(home: string, cache: string) {
    this.home = home;
    this.env = { HOME: home, XDG_CACHE_HOME: cache };
  }

  run(...args: readonly string[]): Promise<Result> {
    return hawser(args, this.#options());
  }

  /** `hawser up`, without a question and without a registry. */
  up(...args: readonly string[]): Promise<Result> {
    return this.run(...this.upArguments(...args));
  }

  upArguments(...args: readonly string[]): string[] {
    const isHostNode = args.includes('--use-host-node');
    return ['up', ...args, ...(isHostNode ? [] : ['--runtime', process.execPath]), ...this.sudo];
  }

  /** The flags that answer sudo. */
  get sudo(): string[] {
    return ['--sudo-password-file', join(this.home, 'password')];
  }

  start(...args: readonly string[]): Running {
    return new Running(startHawser(args, this.#options()));
  }

  #options(): RunOptions {
    return { env: this.env, ...(this.program === undefined ? {} : { program: this.program }) };
  }
}

/** A command that runs on a laptop. */
export class Running {
  readonly child: ChildProcess;
  readonly result: Promise<Result>;
  readonly #lines: string[] = [];
  readonly #waiting = new Set<() => void>();
  #isOver = false;

  constructor(child: ChildProcess) {
    this.child = child;
    const { stdout, stderr } = child;
    if (stdout === null || stderr === null) throw new TypeError('both outputs are pipes');
    const said = createInterface({ input: stderr });
    said.on('line', (line) => {
      this.#lines.push(line);
      this.#next();
    });
    this.result = Promise.all([once(child, 'exit'), text(stdout), once(said, 'close')]).then(
      ([[code], out]) => {
        this.#isOver = true;
        this.#next();
        return { code, stdout: out, stderr: this.#lines.join('\n') };
      },
    );
  }

  /** Waits until a line on stderr matches. */
  async says(expected: RegExp): Promise<void> {
    while (!this.#lines.some((line) => expected.test(line))) {
      if (this.#isOver) {
        const { code, stdout, stderr } = await this.result;
        throw new Error(`ended with ${code} before it said ${expected}:\n${stdout}\n${stderr}`);
      }
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  /** As a machine without power: at once, and nothing is cleaned up. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.result;
  }

  #next(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}
