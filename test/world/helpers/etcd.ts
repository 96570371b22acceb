import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort } from '../../../fixtures/fleet/free-port.js';
import { type EtcdVersion, resolveEtcd, testedEtcd } from '../../../fixtures/fleet/install/etcd-binary.js';
import type { Place } from '../../tunnel/helpers/sshd.js';

/** A real etcd on loopback, by itself or one of several members, in a directory of its own. */
export class Etcd implements AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly #folder: string;
  readonly peerUrl: string;
  readonly #arguments: string[];
  readonly #program: string;
  #child: ChildProcess | undefined;

  /** @param version default whichever is at hand. */
  static async start(extra: readonly string[] = [], version?: EtcdVersion, name = 'm1'): Promise<Etcd> {
    const etcd = await Etcd.#prepare(name, version);
    etcd.#arguments.push('--initial-cluster', `${name}=${etcd.peerUrl}`, ...extra);
    await etcd.restart();
    return etcd;
  }

  /**
   * Starts several, which are one cluster from the start.
   * @param advertise what the others use as peer URL; default the member's own.
   */
  static async cluster(
    count: number,
    extra: readonly string[] = [],
    advertise: (peerUrl: string) => Promise<string> = async (peerUrl) => peerUrl,
  ): Promise<Etcd[]> {
    const names = Array.from({ length: count }, (_, index) => `m${index + 1}`);
    const all = await Promise.all(names.map((name) => Etcd.#prepare(name)));
    const urls = await Promise.all(all.map(({ peerUrl }) => advertise(peerUrl)));
    const cluster = urls.map((url, index) => `${names[index]}=${url}`).join(',');
    for (const [index, etcd] of all.entries()) {
      const advertised = ['--initial-advertise-peer-urls', urls[index] ?? etcd.peerUrl];
      etcd.#arguments.push('--initial-cluster', cluster, ...advertised, ...extra);
    }
    await Promise.all(all.map((etcd) => etcd.restart()));
    return all;
  }

  /** Starts one that every address of this machine leads to, such as 127.0.0.2. */
  static async startEverywhere(extra: readonly string[] = []): Promise<Etcd> {
    const etcd = await Etcd.#prepare('m1');
    const urls = `http://0.0.0.0:${etcd.port}`;
    etcd.#arguments.push('--listen-client-urls', urls, '--initial-cluster', `m1=${etcd.peerUrl}`, ...extra);
    await etcd.restart();
    return etcd;
  }

  /** Starts one that speaks TLS only. @param flags its certificates, as etcd's own flags. */
  static async startSecure(flags: readonly string[]): Promise<Etcd> {
    const { etcd: binary } = await resolveEtcd();
    const folder = await mkdtemp(path.join(tmpdir(), 'hawser-etcd-'));
    const etcd = new Etcd(binary, folder, 'm1', await freePort(), await freePort(), 'https');
    etcd.#arguments.push('--initial-cluster', `m1=${etcd.peerUrl}`, ...flags);
    await etcd.restart();
    return etcd;
  }

  /** Starts one somewhere else, which answers at that place's address too. */
  static async startAt(
    { enter: [program, ...before], address }: Place,
    extra: readonly string[] = [],
  ): Promise<Etcd> {
    const { etcd: binary } = await resolveEtcd();
    const folder = await mkdtemp(path.join(tmpdir(), 'hawser-etcd-'));
    const etcd = new Etcd(program, folder, 'm1', await freePort(), await freePort());
    const urls = `${etcd.url},http://${address}:${etcd.port}`;
    etcd.#arguments.push('--listen-client-urls', urls, '--initial-cluster', `m1=${etcd.peerUrl}`, ...extra);
    etcd.#arguments.unshift(...before, binary);
    await etcd.restart();
    return etcd;
  }

  /** Starts a further member, once `add` has added its peer URL and told whom the cluster has then. */
  static async join(
    name: string,
    add: (
      peerUrl: string,
    ) => Promise<readonly { readonly name: string; readonly peerUrls: readonly string[] }[]>,
    extra: readonly string[] = [],
  ): Promise<Etcd> {
    const etcd = await Etcd.#prepare(name);
    const members = await add(etcd.peerUrl);
    const cluster = members.map((member) => `${member.name || name}=${member.peerUrls[0]}`).join(',');
    etcd.#arguments.push('--initial-cluster', cluster, '--initial-cluster-state', 'existing', ...extra);
    await etcd.restart();
    return etcd;
  }

  static async #prepare(name: string, version?: EtcdVersion): Promise<Etcd> {
    const { etcd } = await resolveEtcd(testedEtcd(version));
    const folder = await mkdtemp(path.join(tmpdir(), 'hawser-etcd-'));
    return new Etcd(etcd, folder, name, await freePort(), await freePort());
  }

  private constructor(
    program: string,
    folder: string,
    name: string,
    port: number,
    peerPort: number,
    scheme = 'http',
  ) {
    this.url = `${scheme}://127.0.0.1:${port}`;
    this.peerUrl = `http://127.0.0.1:${peerPort}`;
    this.port = port;
    this.#program = program;
    this.#folder = folder;
    this.#arguments = [
      ...['--name', name, '--data-dir', path.join(folder, 'data')],
      ...['--listen-client-urls', this.url, '--advertise-client-urls', this.url],
      ...['--listen-peer-urls', this.peerUrl, '--initial-advertise-peer-urls', this.peerUrl],
      ...['--logger', 'zap', '--log-outputs', 'stderr'],
      ...['--heartbeat-interval', '20', '--election-timeout', '200'],
    ];
  }

  /** Starts the server (again) on its data and waits until it serves clients. */
  async restart(): Promise<void> {
    const child = spawn(this.#program, this.#arguments, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#child = child;
    process.once('exit', () => child.kill('SIGKILL'));
    let said = '';
    const ended = once(child, 'exit').then(() => {
      throw new Error(`etcd ended before it served: ${said.slice(-2000)}`);
    });
    const serves = new Promise<void>((resolve) => {
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        said = (said + text).slice(-20_000);
        if (/serving client traffic|ready to serve client requests/.test(said)) resolve();
      });
    });
    // The process ends later too, on purpose.
    ended.catch(() => undefined);
    await Promise.race([serves, ended]);
  }

  /** Undefined while it does not run. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** SIGKILL: as when the machine loses power, though not the disk. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  /** Stops answering without closing anything. */
  freeze(): void {
    this.#child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child?.kill('SIGCONT');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
