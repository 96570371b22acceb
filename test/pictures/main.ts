// Makes docs/pictures/ of real runs: `npm run docs:pictures`. Three bare hosts in containers, and a person at a terminal.
import { cp, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createBareFleet } from '../../fixtures/fleet/bare/bare-fleet.js';
import { projectFolder } from '../../fixtures/fleet/project-paths.js';
import { Laptop } from '../docs/helpers/laptop.js';
import { drawScreen } from './draw-screen.js';
import { drawTour } from './draw-tour.js';
import { RecordedTerminal } from './recorded-terminal.js';
import { shortenPauses } from './shorten-pauses.js';

const folder = path.join(projectFolder, 'docs', 'pictures');
const SIZE = { columns: 92, rows: 26 };
/** How long what a command has printed is left alone in the tour. */
const READING_MS = 2_000;
const HOSTS = ['web1', 'web2', 'web3'];

type Answers = readonly (readonly [question: RegExp, answer: string])[];

/** What is typed in the tour; the screen is cleared before each but the first. */
const TOUR: readonly (readonly [command: string, answers: Answers])[] = [
  [
    `hawser up ${HOSTS.map((name) => `root@${name}.example.org`).join(' ')}`,
    [
      [/new fleet/, ''],
      [/\(y\/n\)/i, 'y'],
    ],
  ],
  ['hawser deploy ./hello --hosts all', [[/\(y\/n\)/i, 'y']]],
  ['hawser exec all -- uptime -p', []],
  ['hawser logs hello -n 3', []],
  ['hawser status', []],
];

/** The screen that a command leaves. */
interface Still {
  readonly file: string;
  readonly title: string;
  readonly rows: number;
  readonly command: string;
  /** What is done before, unseen. */
  readonly before?: string;
}

const STILLS: readonly Still[] = [
  {
    file: 'status',
    title: 'hawser status: one screen for the whole fleet',
    rows: 10,
    command: 'hawser status',
  },
  {
    file: 'plan',
    title: 'hawser deploy --plan: what would change',
    rows: 23,
    before: `sed -i 's/Hello from/Greetings from/' hello/server.mjs`,
    command: 'hawser deploy ./hello --hosts all --plan --diff',
  },
  {
    file: 'exec',
    title: 'hawser exec: a command on many hosts',
    rows: 6,
    command: 'hawser exec all -- cat /etc/debian_version',
  },
  {
    file: 'doctor',
    title: 'hawser doctor: what is wrong with a host',
    rows: 18,
    before: 'ssh web2 systemctl stop hawser',
    command: 'hawser doctor web2',
  },
];

async function main(): Promise<void> {
  await using fleet = await createBareFleet({
    hosts: Object.fromEntries(HOSTS.map((name) => [name, { packages: ['etcd-server'], hasNode: true }])),
  });
  await using laptop = await Laptop.make();
  await laptop.knowBareHosts(fleet);
  await cp(path.join(projectFolder, 'fixtures/hello'), path.join(laptop.cwd, 'hello'), { recursive: true });
  await mkdir(folder, { recursive: true });
  await recordTour(laptop);
  for (const still of STILLS) await recordStill(laptop, still);
}

async function recordTour(laptop: Laptop): Promise<void> {
  using terminal = new RecordedTerminal(SIZE, laptop);
  await terminal.ready();
  for (const [index, [command, answers]] of TOUR.entries()) {
    if (index > 0) await terminal.clear();
    await terminal.run(command, answers);
    await delay(READING_MS);
    console.log(command);
  }
  const { frames, lengthMs } = shortenPauses(terminal.frames);
  await write('tour', drawTour(frames, lengthMs, SIZE, 'hawser: from bare hosts to a deployed app'));
}

async function recordStill(laptop: Laptop, { file, title, rows, command, before }: Still): Promise<void> {
  const size = { ...SIZE, rows };
  using terminal = new RecordedTerminal(size, laptop);
  await terminal.ready();
  if (before !== undefined) {
    await terminal.run(before);
    await terminal.clear();
  }
  await terminal.run(command);
  console.log(command);
  // Without the prompt that follows.
  await write(file, drawScreen(terminal.screen().slice(0, -1), size, title));
}

async function write(name: string, picture: string): Promise<void> {
  await writeFile(path.join(folder, `${name}.svg`), picture);
}

await main();
