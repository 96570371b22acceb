import type { Effort } from '../effort.js';
import type { Check, Topic } from '../report.js';
import { type CrowdFigures, measureCrowd } from './measure-crowd.js';
import { measureVerdicts } from './measure-verdict.js';

/** What is wanted of so many agents, in the units of the columns. */
interface Targets {
  readonly registered: number;
  readonly deploy: number;
  readonly etcdCpu: number;
  readonly status: number;
}

interface Crowd {
  readonly count: number;
  /** One process may open only so many files. */
  readonly perProcess: number;
  readonly targets?: Targets;
}

const REST_TARGET = 0.35;

const CROWDS: Readonly<Record<string, Crowd>> = {
  '1000': {
    ...{ count: 1_000, perProcess: 1_000 },
    targets: { registered: 3.5 * 1.2, deploy: 4 * 1.2, etcdCpu: 5 * 1.2, status: 0.42 * 1.2 },
  },
  '3000': {
    ...{ count: 3_000, perProcess: 3_000 },
    targets: { registered: 11.7 * 1.2, deploy: 15.7 * 1.2, etcdCpu: 15 * 1.2, status: 0.55 * 1.2 },
  },
  '10000': { count: 10_000, perProcess: 2_500 },
};

/** Agents without servers of their own on one etcd: 1,000, 3,000 and 10,000 of them, and verdicts alone; or only those named. */
export async function* scaleTopics(
  { isQuick }: Effort,
  say: (text: string) => void,
  only?: readonly string[],
): AsyncGenerator<Topic> {
  for (const [name, crowd] of Object.entries(CROWDS)) {
    if (only !== undefined && !only.includes(name)) continue;
    say(`measuring ${name} agents…\n`);
    const figures = await measureCrowd({
      ...crowd,
      restMs: isQuick ? 15_000 : 60_000,
      patienceMs: 60_000 + crowd.count * 60,
    });
    yield topicOf(crowd, figures);
  }
  if (only !== undefined && !only.includes('verdict')) return;
  say('measuring verdicts…\n');
  yield await measureVerdicts();
}

function topicOf({ targets }: Crowd, figures: CrowdFigures): Topic {
  const { count, registeredMs, deployMs, rest, statusMs, verdict, problems, load } = figures;
  const [registered, deploy, status] = [registeredMs, deployMs, statusMs].map(inSeconds);
  const etcdCpu = rest && rest.etcdCpu * 100;
  const atMost = (what: string, got: number | undefined, wanted: number): Check => {
    return { what, got: got ?? Number.NaN, sense: 'at most', wanted: Number(wanted.toFixed(2)) };
  };
  return {
    title: `${count} agents without servers, one etcd, files for all at once`,
    columns: [
      'registered s',
      'verdict s',
      'messages/s',
      'etcd CPU %',
      'agents CPU %',
      'status s',
      'MiB each',
    ],
    rows: [
      {
        name: String(count),
        values: [
          ...[registered, deploy, rest?.messages, etcdCpu],
          ...[rest && rest.agentsCpu * 100, status, figures.agentMebibytes],
        ],
      },
    ],
    checks: [
      ...(targets === undefined
        ? []
        : [
            atMost('s until all are registered', registered, targets.registered),
            atMost('s until the verdict on a deploy to all', deploy, targets.deploy),
            atMost('% of a processor that etcd uses at rest', etcdCpu, targets.etcdCpu),
            atMost('s that "hawser status" takes', status, targets.status),
          ]),
      atMost('messages to etcd at rest, for each host and second', rest?.messages, REST_TARGET),
      {
        what: 'hosts of which a healthy verdict tells',
        got: verdict?.verdict === 'healthy' ? count : 0,
        sense: 'at least',
        wanted: count,
      },
    ],
    notes: [
      `verdict: ${verdict?.verdict ?? 'none'}${verdict?.message === undefined ? '' : ` (${verdict.message.slice(0, 200)})`}`,
      `at rest: ${[...(rest?.byMethod ?? [])].map(([method, rate]) => `${method} ${rate.toFixed(3)}`).join(', ')}`,
      `etcd holds ${figures.etcdMebibytes.toFixed(0)} MiB`,
      `load of this machine: ${load.map((value) => value.toFixed(1)).join(' before, ')} after`,
      ...problems.map((problem) => `agents: ${problem}`),
    ],
  };
}

function inSeconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1_000;
}
