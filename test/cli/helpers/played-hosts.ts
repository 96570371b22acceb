import { AGENT_PROTOCOL } from '../../../agent/constants.js';
import { packageVersion } from '../../../base/package-version.js';
import { noteHost } from '../../../world/agents/fleet-hosts.js';
import { registerAgent } from '../../../world/agents/registered-agents.js';
import type { Session } from '../../../world/client/lease/session.js';
import type { Report } from '../../../world/deploys/report.js';
import { type RolloutRecord, rolloutKey } from '../../../world/deploys/rollout/rollout-record.js';
import type { EtcdWorld } from '../../../world/index.js';
import type { DirectEtcd } from './direct-etcd.js';

/** Hosts that are alive and report what a test tells them to, without an agent. */
export class PlayedHosts implements AsyncDisposable {
  readonly #world: EtcdWorld;
  readonly #etcd: DirectEtcd;
  readonly #sessions: Session[] = [];

  private constructor(etcd: DirectEtcd) {
    this.#etcd = etcd;
    this.#world = etcd.world('director');
  }

  static async start(
    etcd: DirectEtcd,
    hosts: Readonly<Record<string, Readonly<Record<string, string>>>>,
  ): Promise<PlayedHosts> {
    const played = new PlayedHosts(etcd);
    const { client } = played.#world;
    for (const [hostname, labels] of Object.entries(hosts)) {
      const session = await client.session({});
      played.#sessions.push(session);
      const agent = {
        ...{ hostname, instance: hostname, version: packageVersion(), protocol: AGENT_PROTOCOL },
        ...{ startedAt: '2026-01-01T00:00:00Z', pid: 1, labels },
      };
      await registerAgent(client, agent, session);
      await noteHost(client, agent);
    }
    return played;
  }

  /** Has a host report on a deploy. */
  async report(
    id: number,
    hostname: string,
    report: Pick<Report, 'state' | 'message'> & Partial<Report>,
  ): Promise<void> {
    await using world = this.#etcd.world(hostname);
    await world.setReport(id, { hostname, at: new Date().toISOString(), current: 0, ...report });
  }

  /** Decides on a deploy, or how it goes on. */
  async decide(id: number, record: Partial<RolloutRecord>): Promise<void> {
    const { client } = this.#world;
    const whole: RolloutRecord = {
      ...{ app: 'app', phase: 'running', admitted: 0, since: new Date().toISOString() },
      ...record,
    };
    await client.txn({
      compare: [],
      success: [{ put: rolloutKey(id), value: JSON.stringify(whole) }],
      failure: [],
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of this.#sessions) await session.close();
    await this.#world.close();
  }
}
