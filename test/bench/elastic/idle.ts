import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { EtcdVersion } from '../../../fixtures/fleet/install/etcd-binary.js';
import { leader } from '../../../world/internal.js';
import { LocalAgents } from '../../agent/helpers/local-agents.js';
import type { Effort } from '../effort.js';
import type { Row, Topic } from '../report.js';

const TARGET_MEBIBYTES = 80;
const TARGET_WAKE_UPS = 1;

/** After its last work V8 collects garbage at leisure a few times, ten seconds apart, before a process is at rest. */
const SETTLING_MS = 30_000;

interface Idle {
  readonly name: string;
  readonly residentMebibytes: number;
  readonly mainWakeUps: number;
  readonly wakeUps: number;
  readonly cpuShare: number;
}

/** What agents cost that have nothing to do: the one that is elected, another voter, and a client. */
export async function measureIdle(versions: readonly EtcdVersion[], { isQuick }: Effort): Promise<Topic> {
  const seconds = isQuick ? 10 : 30;
  const measured: Idle[] = [];
  for (const version of versions) {
    await using agents = await LocalAgents.create(version);
    await agents.start('h1', 'h2', 'h3', 'h4');
    const voters = await agents.votingCount(3);
    await agents.registered('h1', 'h2', 'h3', 'h4');
    const elected = (await leader(agents.client, '/chooser/election'))?.value.toString();
    const roles = agents.agents.map((agent) => ({
      agent,
      role: agent.name === elected ? 'elected' : voters.includes(agent.name) ? 'voter' : 'spare',
    }));
    await delay(SETTLING_MS);
    const before = roles.map(({ agent }) => countersOf(agent.pid));
    await delay(seconds * 1000);
    for (const [index, { agent, role }] of roles.entries()) {
      const now = countersOf(agent.pid);
      const then = before[index] ?? now;
      measured.push({
        name: `etcd ${version}, ${role}`,
        residentMebibytes: now.residentBytes / (1 << 20),
        mainWakeUps: (now.mainSwitches - then.mainSwitches) / seconds,
        wakeUps: (now.switches - then.switches) / seconds,
        cpuShare: (now.cpuSeconds - then.cpuSeconds) / seconds,
      });
    }
  }
  return {
    title: `Agents that have nothing to do, over ${seconds} s`,
    columns: ['resident MiB', 'wake-ups/s', 'of the main thread', 'CPU %'],
    rows: measured.map(
      (idle): Row => ({
        name: idle.name,
        values: [idle.residentMebibytes, idle.wakeUps, idle.mainWakeUps, idle.cpuShare * 100],
      }),
    ),
    checks: [
      {
        what: 'resident MiB of an agent without its etcd, the most',
        got: Math.max(...measured.map(({ residentMebibytes }) => residentMebibytes)),
        sense: 'at most',
        wanted: TARGET_MEBIBYTES,
      },
      {
        what: 'wake-ups per second of an idle agent, the most',
        got: Math.max(...measured.map(({ wakeUps }) => wakeUps)),
        sense: 'at most',
        wanted: TARGET_WAKE_UPS,
      },
    ],
    notes: ['wake-ups: voluntary context switches of all threads of the agent, from /proc/PID/task/*/status'],
  };
}

interface Counters {
  readonly residentBytes: number;
  readonly mainSwitches: number;
  readonly switches: number;
  readonly cpuSeconds: number;
}

function countersOf(pid: number): Counters {
  const switchesOf = (task: string) =>
    fieldOf(readFileSync(`/proc/${pid}/task/${task}/status`, 'utf8'), 'voluntary_ctxt_switches');
  const tasks = readdirSync(`/proc/${pid}/task`);
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const [user = 0, system = 0] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
    .map(Number);
  return {
    residentBytes: fieldOf(readFileSync(`/proc/${pid}/status`, 'utf8'), 'VmRSS') * 1024,
    mainSwitches: switchesOf(String(pid)),
    switches: tasks.map(switchesOf).reduce((sum, count) => sum + count, 0),
    // Linux counts these in hundredths of a second on every architecture that Node runs on.
    cpuSeconds: (user + system) / 100,
  };
}

function fieldOf(status: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
}
