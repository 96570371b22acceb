import { type Client, type Member, WorldError } from '../../../world/index.js';
import { Etcd } from './etcd.js';

/** What may happen to the members of a cluster while it is used; `pick` chooses one of those that there are. */
export interface Step {
  readonly does: 'grow' | 'shrink' | 'move-leader' | 'crash';
  readonly pick: number;
}

interface Running {
  readonly host: string;
  readonly etcd: Etcd;
  readonly id: string;
}

/** Otherwise etcd takes a change of its members every five seconds only. */
const unchecked = ['--strict-reconfig-check=false'];
const most = 3;

/** A cluster of one to three real members that come and go, and are advertised while they serve. */
export class MemberChurn implements AsyncDisposable {
  readonly #client: Client;
  #members: readonly Running[] = [];
  #named = 1;

  /** @param connect opens the client that the changes are made with. */
  static async start(connect: (endpoint: string) => Client): Promise<MemberChurn> {
    const [etcd] = await Etcd.cluster(1, unchecked);
    if (etcd === undefined) throw new Error('there is no first member');
    const churn = new MemberChurn(connect(etcd.url));
    churn.#members = [{ host: 'm1', etcd, id: (await churn.#client.cluster.status(etcd.url)).memberId }];
    await churn.#advertise(etcd.url, 'm1');
    return churn;
  }

  private constructor(client: Client) {
    this.#client = client;
  }

  get endpoints(): readonly string[] {
    return this.#members.map(({ etcd }) => etcd.url);
  }

  /** Does what is possible of a step. @param progress waits until the cluster serves. */
  async take({ does, pick }: Step, progress: () => Promise<void>): Promise<void> {
    const member = this.#members[pick % this.#members.length];
    if (member === undefined) return;
    if (does === 'grow' && this.#members.length < most) await this.#grow();
    if (does === 'shrink' && this.#members.length > 1) await this.#shrink(member);
    if (does === 'move-leader') await tried(this.#client.cluster.moveLeader(member.id));
    if (does === 'crash' && this.#members.length === most) {
      await member.etcd.kill();
      await progress();
      await member.etcd.restart();
    }
    await progress();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.close();
    for (const { etcd } of this.#members) await etcd[Symbol.asyncDispose]();
  }

  async #grow(): Promise<void> {
    this.#named += 1;
    const host = `m${this.#named}`;
    let id = '';
    const add = async (peerUrl: string): Promise<Member[]> => {
      for (;;) {
        await tried(this.#client.cluster.memberAdd([peerUrl], { learner: true }));
        const members = await this.#client.cluster.members();
        id = members.find(({ peerUrls }) => peerUrls.includes(peerUrl))?.id ?? '';
        if (id !== '') return members;
      }
    };
    const etcd = await Etcd.join(host, add, unchecked);
    const votes = ({ id: other, isLearner }: Member): boolean => other === id && !isLearner;
    while (!(await this.#client.cluster.members()).some(votes))
      await tried(this.#client.cluster.memberPromote(id));
    this.#members = [...this.#members, { host, etcd, id }];
    await this.#advertise(etcd.url, host);
  }

  async #shrink(member: Running): Promise<void> {
    const rest = this.#members.filter((other) => other !== member);
    const [heir] = rest;
    if (heir === undefined) return;
    const { leader } = await this.#client.cluster.status(member.etcd.url);
    if (leader === member.id) await tried(this.#client.cluster.moveLeader(heir.id));
    await this.#client.del(`/endpoints/${member.host}`, { repeatable: true });
    this.#members = rest;
    this.#client.setEndpoints(this.endpoints);
    const isThere = ({ id }: Member): boolean => id === member.id;
    while ((await this.#client.cluster.members()).some(isThere))
      await tried(this.#client.cluster.memberRemove(member.id));
    await member.etcd[Symbol.asyncDispose]();
  }

  async #advertise(url: string, host: string): Promise<void> {
    const key = `/endpoints/${host}`;
    while ((await this.#client.get(key)) === undefined) await tried(this.#client.setIfChanged(key, url));
    this.#client.setEndpoints(this.endpoints);
  }
}

/** After a crash an answer may be lost, and etcd may refuse for a while: what came of it is looked up. */
async function tried(attempt: Promise<unknown>): Promise<void> {
  await attempt.catch((error: unknown) => {
    if (!(error instanceof WorldError)) throw error;
  });
}
