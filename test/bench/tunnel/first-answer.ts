import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Client } from '../../../world/index.js';
import type { Effort } from '../effort.js';
import { type Check, compare, type Topic } from '../report.js';
import { median } from '../statistics.js';
import { DelayLink } from './delay-link.js';
import { sshArguments } from './ssh-forward.js';
import type { Stand } from './stand.js';
import { direct, ours, sshForward, type Way } from './way.js';

const ROUND_TRIPS_MS = [0, 40, 167];
const WAYS = ['direct', 'ssh -N -L', 'ssh -L', 'ours', 'ours over openssh'] as const;
const TARGET = { cold: 12, warm: 1, againstSsh: 0.85 };

interface Answers {
  readonly coldMs: number;
  readonly warmMs: number;
}

/** From nothing to the first answer, and from there to the next. */
export async function* measureFirstAnswer(stand: Stand, { rounds, isQuick }: Effort): AsyncGenerator<Topic> {
  for (const roundTripMs of isQuick ? [0, 167] : ROUND_TRIPS_MS) {
    await using sshLink = await DelayLink.to(stand.sshd.port, roundTripMs);
    await using etcdLink = await DelayLink.to(stand.etcd.port, roundTripMs);
    const ports =
      roundTripMs === 0
        ? { ssh: stand.sshd.port, etcd: stand.etcd.port }
        : { ssh: sshLink.port, etcd: etcdLink.port };
    yield await measureAnswers(stand, { ports, roundTripMs, turns: isQuick && roundTripMs > 0 ? 1 : rounds });
  }
}

export interface AnswersAt {
  /** Where SSH and etcd are reached. */
  readonly ports: { readonly ssh: number; readonly etcd: number };
  readonly roundTripMs: number;
  readonly turns: number;
  /** What the distance is made of, for the title. */
  readonly by?: string;
}

/** First answers at one distance. */
export async function measureAnswers(
  stand: Stand,
  { ports, roundTripMs, turns, by = '' }: AnswersAt,
): Promise<Topic> {
  const at = { port: ports.ssh };
  const enter: Record<(typeof WAYS)[number], () => Promise<Way>> = {
    direct: async () => direct(stand, ports.etcd),
    'ssh -N -L': () => sshForward(stand, { session: false, at }),
    'ssh -L': () => sshForward(stand, { at }),
    ours: () => ours(stand, { at }),
    'ours over openssh': () => ours(stand, { at, transport: 'openssh' }),
  };
  // Whatever is loaded at first use counts for nobody.
  if (roundTripMs === 0) await measureAll(enter, 1);
  const measured = await measureAll(enter, turns);
  const commands: number[] = [];
  for (let turn = 0; turn < turns; turn += 1) commands.push(await measureCommand(stand, at.port));
  const topic = answerTopic(roundTripMs, measured, median(commands));
  return { ...topic, title: `${topic.title}${by}` };
}

/** Each way in turn, so many times. */
async function measureAll(
  enter: Readonly<Record<(typeof WAYS)[number], () => Promise<Way>>>,
  turns: number,
): Promise<Map<string, Answers[]>> {
  const measured = new Map<string, Answers[]>();
  for (let turn = 0; turn < turns; turn += 1) {
    for (const name of WAYS) {
      measured.set(name, [...(measured.get(name) ?? []), await measureOnce(enter[name])]);
    }
  }
  return measured;
}

async function measureOnce(enter: () => Promise<Way>): Promise<Answers> {
  const start = performance.now();
  await using way = await enter();
  await using client = Client.create({ endpoints: [way.url] });
  await client.get('/bench/small');
  const coldMs = performance.now() - start;
  const warm: number[] = [];
  for (let call = 0; call < 5; call += 1) {
    const from = performance.now();
    await client.get('/bench/small');
    warm.push(performance.now() - from);
  }
  return { coldMs, warmMs: median(warm) };
}

/** `ssh host true`: the least that OpenSSH can do. */
async function measureCommand(stand: Stand, port: number): Promise<number> {
  const start = performance.now();
  const child = spawn('ssh', [...sshArguments(stand.sshd, port), stand.sshd.destination.host, 'true'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await once(child, 'exit');
  return performance.now() - start;
}

function answerTopic(
  roundTripMs: number,
  measured: ReadonlyMap<string, readonly Answers[]>,
  commandMs: number,
): Topic {
  const all = (name: string, field: keyof Answers) =>
    (measured.get(name) ?? []).map((answers) => answers[field]);
  const of = (name: string, field: keyof Answers) => median(all(name, field));
  const cold = of('ours', 'coldMs');
  const inRoundTrips = (ms: number) => (roundTripMs === 0 ? undefined : ms / roundTripMs);
  const rows = WAYS.map((name) => {
    const [coldMs, warmMs] = [of(name, 'coldMs'), of(name, 'warmMs')];
    return { name, values: [coldMs, inRoundTrips(coldMs), warmMs, inRoundTrips(warmMs)] };
  });
  const checks: Check[] = ['ssh -L', 'ssh -N -L'].map((other) =>
    compare({
      what: `cold, ours against ${other}`,
      of: all('ours', 'coldMs'),
      against: all(other, 'coldMs'),
      sense: 'at most',
      wanted: TARGET.againstSsh,
    }),
  );
  if (roundTripMs > 0) {
    checks.push(
      { what: 'cold, ours, round trips', got: cold / roundTripMs, sense: 'at most', wanted: TARGET.cold },
      {
        what: 'warm, ours, round trips, to the nearest',
        got: Math.round(of('ours', 'warmMs') / roundTripMs),
        sense: 'at most',
        wanted: TARGET.warm,
      },
    );
  }
  return {
    title: `First answer at a round trip of ${roundTripMs} ms`,
    columns: ['cold ms', 'round trips', 'warm ms', 'round trips'],
    rows: [...rows, { name: 'ssh host true', values: [commandMs, inRoundTrips(commandMs)] }],
    checks,
  };
}
