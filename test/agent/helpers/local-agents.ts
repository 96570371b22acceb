import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from '../../../fixtures/fleet/free-port.js';
import { type EtcdVersion, resolveEtcd, testedEtcd } from '../../../fixtures/fleet/install/etcd-binary.js';
import { Client, type Member, WorldError } from '../../../world/index.js';
import { snapshotTool } from '../../world/helpers/etcdctl.js';
import { type AgentPlace, LocalAgent, patienceMs } from './local-agent.js';

const sizeKey = '/chooser/dynamicsize/idealclustersize';
const lookEveryMs = 100;

/** Agents on this machine, each with ports and a prefix of its own, and a client that looks at them from outside. */
export class LocalAgents implements AsyncDisposable {
  readonly agents: LocalAgent[] = [];
  /** Holds every prefix; it goes with the agents. */
  readonly folder: string;
  readonly #etcd: string;
  #client: Client | undefined;

  static async create(version: EtcdVersion): Promise<LocalAgents> {
    const { etcd } = await resolveEtcd(testedEtcd(version));
    return new LocalAgents(await mkdtemp(path.join(tmpdir(), 'hawser-agents-')), etcd);
  }

  private constructor(folder: string, etcd: string) {
    this.folder = folder;
    this.#etcd = etcd;
  }

  /** Gives a host its ports and its directory; it is not started yet. `place` overrides, for hosts of another kind. */
  async add(name: string, place: Partial<AgentPlace> = {}): Promise<LocalAgent> {
    const agent = new LocalAgent({
      name,
      prefix: path.join(this.folder, name),
      clientUrl: `http://127.0.0.1:${await freePort()}`,
      serverUrl: `http://127.0.0.1:${await freePort()}`,
      marker: `HAWSER_TEST_AGENT=${path.basename(this.folder)}/${name}/`,
      etcd: this.#etcd,
      ...place,
    });
    this.agents.push(agent);
    // It is to know the new one as well.
    void this.#client?.close();
    this.#client = undefined;
    return agent;
  }

  /** Adds hosts and starts them all at once; the first has no seeds and is the seed of the others. */
  async start(...names: readonly string[]): Promise<LocalAgent[]> {
    const added: LocalAgent[] = [];
    for (const name of names) added.push(await this.add(name));
    const [first, ...others] = added;
    first?.start();
    for (const agent of others) agent.start(this.agents.slice(0, 1));
    return added;
  }

  agent(name: string): LocalAgent {
    const found = this.agents.find((agent) => agent.name === name);
    if (found === undefined) throw new Error(`there is no agent ${name}`);
    return found;
  }

  /** Reaches the cluster by the client URLs of all hosts. */
  get client(): Client {
    this.#client ??= this.clientOf(...this.agents);
    return this.#client;
  }

  /** A client of its own, which reaches the cluster by these hosts only; the caller closes it. */
  clientOf(...agents: readonly LocalAgent[]): Client {
    return Client.create({ endpoints: agents.map(({ clientUrl }) => clientUrl), namespace: '/_mgmt' });
  }

  /** Runs the etcdctl of the version under test against one host, as a person would. */
  async etcdctl(at: LocalAgent | string, ...args: readonly string[]): Promise<string> {
    const endpoint = typeof at === 'string' ? at : at.clientUrl;
    const { stdout } = await promisify(execFile)(
      path.join(path.dirname(this.#etcd), 'etcdctl'),
      ['--endpoints', endpoint, ...args],
      { env: { PATH: process.env['PATH'], ETCDCTL_API: '3' }, timeout: patienceMs },
    );
    return stdout;
  }

  /** Runs the snapshot command of the version under test. */
  snapshotTool(...args: readonly string[]): Promise<string> {
    return snapshotTool(this.#etcd, ...args);
  }

  /** Waits until a host serves by itself, whoever is in its cluster. */
  async etcdctlAnswers(at: LocalAgent | string): Promise<void> {
    await this.eventually(`${typeof at === 'string' ? at : at.name} answers`, () =>
      this.etcdctl(at, '--command-timeout=500ms', 'endpoint', 'health').then(
        () => true,
        () => false,
      ),
    );
  }

  /** Sets the ideal cluster size as an operator's etcdctl does. */
  async setSize(size: number, through = this.client): Promise<void> {
    await through.set(sizeKey, String(size), { repeatable: true, timeoutMs: patienceMs });
  }

  /** Waits until exactly these hosts vote, publish their endpoints, and nobody is half in; gives their member ids. */
  async voting(...names: readonly string[]): Promise<Map<string, string>> {
    return this.#until(`${names.join(', ')} vote and nobody else`, async () => {
      const { members, endpoints } = await this.look();
      const isSteady = members.every(({ isLearner, name }) => !isLearner && name !== '');
      const voters = members.map(({ name }) => name).sort();
      const wanted = [...names].sort().join();
      return isSteady && voters.join() === wanted && endpoints.join() === wanted
        ? new Map(members.map(({ name, id }) => [name, id] as const).sort())
        : undefined;
    });
  }

  /** Waits until so many hosts vote, whichever, publish their endpoints, and nobody is half in; gives their names. */
  async votingCount(count: number): Promise<string[]> {
    return this.#until(`${count} hosts vote`, async () => {
      const { members, endpoints } = await this.look();
      const isSteady = members.every(({ isLearner, name }) => !isLearner && name !== '');
      const voters = members.map(({ name }) => name).sort();
      return isSteady && voters.length === count && endpoints.join() === voters.join() ? voters : undefined;
    });
  }

  /** Waits until these hosts have registered as agents. */
  async registered(...names: readonly string[]): Promise<void> {
    await this.#until(`${names.join(', ')} register`, async () => {
      const agents = await this.hosts('/agents/');
      return names.every((name) => agents.includes(name)) || undefined;
    });
  }

  /** Waits for something that only looking tells. */
  async eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
    await this.#until(what, async () => (await holds()) || undefined);
  }

  /** The hosts that have a key under a prefix such as `/endpoints/`. */
  async hosts(prefix: string): Promise<string[]> {
    const { entries } = await this.client.list(prefix);
    return entries.map(({ key }) => key.slice(prefix.length)).sort();
  }

  /** Members and published endpoints as they are now. */
  async look(): Promise<{ members: readonly Member[]; endpoints: readonly string[] }> {
    const [members, endpoints] = await Promise.all([
      this.client.cluster.members(),
      this.hosts('/endpoints/'),
    ]);
    return { members, endpoints };
  }

  /** What every agent has written last. */
  async stories(): Promise<string> {
    return (await Promise.all(this.agents.map((agent) => agent.story()))).join('\n');
  }

  async #until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
    const until = Date.now() + patienceMs;
    let last: unknown;
    do {
      try {
        const found = await look();
        if (found !== undefined) return found;
        last = undefined;
      } catch (error) {
        if (!(error instanceof WorldError)) throw error;
        last = error; // nobody answers yet, or nobody leads at this moment
      }
      await delay(lookEveryMs);
    } while (Date.now() < until);
    const seen = await this.look().then(
      ({ members, endpoints }) => JSON.stringify({ members, endpoints }),
      (error: unknown) => String(last ?? error),
    );
    throw new Error(`waited for "${what}", and there is ${seen}\n${await this.stories()}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client?.close();
    await Promise.all(this.agents.map((agent) => agent.destroy()));
    await rm(this.folder, { recursive: true, force: true });
  }
}
