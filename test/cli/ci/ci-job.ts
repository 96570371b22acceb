import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { programFile, projectFolder } from '../../../fixtures/fleet/project-paths.js';
import { createFleet, type Fleet } from '../../../fixtures/index.js';
import { makeKey } from '../../tunnel/helpers/sshd.js';
import { agentsRegistered } from '../helpers/hawser.js';
import { type ParsedSuite, parseJunit } from './parse-junit.js';

/** How a program ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * A job of a CI system as docs/ci.md has it: a checkout, two keys, an empty home, and a fleet of two hosts that want signed deploys and
 * let the job's key in by the line of the page.
 */
export class CiJob implements AsyncDisposable {
  readonly fleet: Fleet;
  /** Holds the keys `ssh` and `sign`, the home, and the checkout. */
  readonly folder: string;
  /** etcd's. */
  readonly socket: string;

  static async start(): Promise<CiJob> {
    const folder = await mkdtemp(path.join(tmpdir(), 'hawser-ci-'));
    const page = await readFile(path.join(projectFolder, 'docs/ci.md'), 'utf8');
    const [, options = ''] = /^(restrict,.*) ssh-ed25519 AAAA/m.exec(page) ?? [];
    const [, sshd = ''] = /^ {2}(AllowStreamLocalForwarding .*)$/m.exec(page) ?? [];
    const fleet = await createFleet({
      ...{ hosts: 2, members: 1, backend: 'processes', agents: false },
      sshdConfig: `${sshd}\nX11Forwarding yes\n`,
    });
    const home = (await fleet.host('h1').exec(['pwd'])).stdout.trim();
    const job = new CiJob(fleet, folder, `${home}/agent/etcd.sock`);
    await job.#letIn(options);
    await job.#makeCheckout();
    await agentsRegistered(fleet);
    return job;
  }

  private constructor(fleet: Fleet, folder: string, socket: string) {
    this.fleet = fleet;
    this.folder = folder;
    this.socket = socket;
  }

  get checkout(): string {
    return path.join(this.folder, 'checkout');
  }

  /** The flags that reach the fleet with the job's key. */
  get reach(): string[] {
    return ['--fleet', './fleet.yaml', '--ssh-config', 'none', '--ssh-id', path.join(this.folder, 'ssh')];
  }

  /** Commits an app that runs a shell script. */
  async commitApp(script: string, settle = '200ms'): Promise<void> {
    const web = path.join(this.checkout, 'web');
    const manifest = { name: 'web', run: ['sh', 'app.sh'], settle };
    await writeFile(path.join(web, 'hawser.yaml'), JSON.stringify(manifest));
    await writeFile(path.join(web, 'app.sh'), script);
    await this.#git('add', '.');
    await this.#git('commit', '--quiet', '--message', 'Change the app');
  }

  /** Runs a program in the checkout: with an empty home, no terminal, and only these variables. */
  async run(command: readonly [string, ...string[]], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
    const child = this.#spawn(command, env);
    const [stdout, stderr, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close') as Promise<[number | null]>,
    ]);
    return { code, stdout, stderr };
  }

  /** Starts one with the secrets of the job. It ends with us. */
  start(command: readonly [string, ...string[]]): ChildProcessByStdio<null, Readable, Readable> {
    const [program, ...args] = command;
    return this.#spawn(['setpriv', '--pdeathsig', 'TERM', '--', program, ...args], this.#secrets);
  }

  /** Runs the steps of a recipe with the secrets of the job, as a runner does. */
  steps(script: string, env: NodeJS.ProcessEnv = {}): Promise<Ended> {
    return this.run(['sh', '-e', '-c', script], { CI: 'true', ...this.#secrets, ...env });
  }

  /** The report that the last job wrote. */
  async report(file = 'deploy.xml'): Promise<ParsedSuite> {
    return parseJunit(await readFile(path.join(this.checkout, file), 'utf8'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.fleet.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  get #secrets(): NodeJS.ProcessEnv {
    return { HAWSER_SSH_KEY: `${this.folder}/ssh`, HAWSER_SIGN_KEY: `${this.folder}/sign` };
  }

  #spawn(
    [program, ...args]: readonly [string, ...string[]],
    env: NodeJS.ProcessEnv,
  ): ChildProcessByStdio<null, Readable, Readable> {
    const { PATH } = process.env;
    const own = { PATH: `${this.folder}/bin:${PATH}`, HOME: `${this.folder}/home`, TMPDIR: this.folder };
    return spawn(program, args, {
      cwd: this.checkout,
      env: { ...own, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  /** @param options of the key in authorized_keys, for a host that `up` made */
  async #letIn(options: string): Promise<void> {
    for (const key of ['ssh', 'sign']) await makeKey(path.join(this.folder, key));
    const signers = path.join(this.folder, 'allowed_signers');
    await writeFile(signers, `ci ${await readFile(path.join(this.folder, 'sign.pub'), 'utf8')}`);
    await chmod(signers, 0o644);
    const key = await readFile(path.join(this.folder, 'ssh.pub'), 'utf8');
    const line = `${options.replace('/run/hawser/etcd.sock', this.socket)} ${key}`;
    for (const host of this.fleet.hosts) {
      const { stdout: others } = await host.exec(['cat', 'authorized_keys']);
      await host.writeFile('authorized_keys', `${others}${line}`);
      await host.startAgent(['--allowed-signers', signers]);
    }
  }

  async #makeCheckout(): Promise<void> {
    for (const folder of ['home', 'bin', 'checkout/web', 'checkout/ci'])
      await mkdir(path.join(this.folder, folder), { recursive: true, mode: 0o700 });
    const hosts = this.fleet.hosts.map(({ name, destination, hostKey }) => [
      name,
      { ssh: destination, 'host-key': hostKey },
    ]);
    const file = { name: 'ci', seeds: [`unix://${this.socket}`], hosts: Object.fromEntries(hosts) };
    await writeFile(path.join(this.checkout, 'fleet.yaml'), JSON.stringify(file));
    await cp(path.join(projectFolder, 'examples/ci/deploy.sh'), path.join(this.checkout, 'ci/deploy.sh'));
    const wrapper = `#!/bin/sh\nexec '${process.execPath}' '${programFile}' "$@"\n`;
    await writeFile(path.join(this.folder, 'bin/hawser'), wrapper, { mode: 0o755 });
    await this.#git('init', '--quiet', '--initial-branch=main');
    await writeFile(path.join(this.checkout, '.gitignore'), '*.xml\n');
  }

  async #git(...args: string[]): Promise<void> {
    const who = ['-c', 'user.name=ci', '-c', 'user.email=ci@example.org', '-c', 'commit.gpgsign=false'];
    const { code, stderr } = await this.run(['git', ...who, ...args]);
    if (code !== 0) throw new Error(`git ${args.join(' ')}: ${stderr}`);
  }
}
