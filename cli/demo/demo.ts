import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Log } from '../../base/log.js';
import { createFleet, type Fleet, keptFleets, prepareMachine, removeFleet } from '../../fixtures/index.js';
import type { ClientWorld } from '../../world/client-world.js';
import { DEFAULT_CLIENT_URL } from '../../world/constants.js';
import { DEFAULT_NAMESPACE } from '../../world/keys.js';
import type { Context } from '../context.js';
import { deploy } from '../deploy/deploy.js';
import { prepare } from '../deploy/prepare.js';
import { openWorld } from '../fleet/open-world.js';
import type { FleetTarget } from '../fleet/resolve-target.js';
import type { Lines } from '../output/lines.js';
import { lines, logTo, type OutputOptions, printNote, printResult } from '../output/print.js';
import { formatStatus, readStatus } from '../status/status.js';
import { askApps } from './ask-apps.js';
import { waitForFleet } from './fleet-ready.js';

export interface DemoFlags extends OutputOptions {
  readonly backend: 'auto' | 'containers' | 'processes';
  readonly keep: boolean;
  readonly stop: boolean;
  readonly yes: boolean;
}

type Say = (text: string | Lines) => void;

const hostCount = 3;
const callTimeoutMs = 10_000;
const deployTimeoutMs = 60_000;

/** Brings a fleet up, deploys the sample app to it over SSH, shows what it answers and takes all down again. */
export async function demo(context: Context, flags: DemoFlags): Promise<void> {
  const { signal } = context.interrupts;
  const say: Say = (line) => {
    if (!flags.json) printResult(flags, undefined, line);
  };
  const startedAt = performance.now();
  const seconds = () => (performance.now() - startedAt) / 1_000;

  say(`Bringing up ${hostCount} hosts on this machine, each with sshd, etcd and an agent…`);
  await prepareMachine({ signal, log: setupLog(flags) });
  const fleet = await createFleet({ hosts: hostCount, backend: flags.backend, log: logTo(flags), signal });
  try {
    say(describeBackend(fleet));
    const { answers, deploySeconds } = await tour(fleet, { flags, signal, say, seconds });
    if (flags.json) {
      printResult(
        flags,
        { backend: fleet.backend, hosts: answers, totalSeconds: seconds(), deploySeconds },
        '',
      );
    }
    if (flags.keep) return keep(fleet, say);
    say(lines(['', 'Taking everything down again…']));
  } finally {
    await fleet.close();
  }
}

/** What is installed or downloaded on this machine is said, not only with `--verbose`. */
function setupLog(flags: DemoFlags): Log {
  return (level, message) => {
    if (level !== 'debug') printNote(flags, `setup: ${message}`);
  };
}

/** What a demo needs along its way. */
interface Tour {
  readonly flags: DemoFlags;
  readonly signal: AbortSignal;
  readonly say: Say;
  /** Since the start. */
  readonly seconds: () => number;
}

async function tour(fleet: Fleet, { flags, signal, say, seconds }: Tour) {
  const connection = connectionTo(fleet);
  await using world = await openWorld(connection, logTo(flags), signal);
  await waitForFleet(world, fleet, signal);
  say(lines(['', formatStatus(await readStatus(world, { signal, timeoutMs: callTimeoutMs }, logTo(flags)))]));
  say(lines(['', `The fleet stands after ${seconds().toFixed(1)} s. Deploying fixtures/hello through SSH…`]));
  const deploySeconds = await deployHello(world, flags, signal);
  const answers = await askApps(fleet, connection, logTo(flags), signal);
  say(lines(['', "What each app answers, asked through its host's own tunnel:"]));
  for (const { host, answer } of answers) say(`  ${host}: ${answer}`);
  const [all, deployed] = [seconds(), deploySeconds].map((time) => `${time.toFixed(1)} s`);
  say(lines(['', `${hostCount} healthy hosts ${all} after the start; the deploy took ${deployed}.`]));
  return { answers, deploySeconds };
}

/** Takes down the fleets that `--keep` left up. */
export async function stopDemo(flags: DemoFlags): Promise<void> {
  const folders = await keptFleets();
  for (const folder of folders) await removeFleet(folder);
  printResult(
    flags,
    { stopped: folders.length },
    folders.length === 0 ? 'Nothing was left up.' : `Took down ${folders.length}.`,
  );
}

/** Gives the seconds that it took, the person's time for the answer not counted. */
async function deployHello(world: ClientWorld, flags: DemoFlags, signal: AbortSignal): Promise<number> {
  const folder = fileURLToPath(new URL('../../../fixtures/hello', import.meta.url));
  const choices = { folder, message: 'the sample app', git: false, force: false, noop: false };
  const prepared = await prepare(choices, signal);
  let startedAt = performance.now();
  const { text } = await deploy(world, prepared, {
    ...flags,
    signal,
    plan: false,
    allowMissing: false,
    wait: true,
    waitTimeout: deployTimeoutMs,
    onConfirmed: () => {
      startedAt = performance.now();
    },
  });
  const seconds = (performance.now() - startedAt) / 1_000;
  if (!flags.json) printResult(flags, undefined, text);
  return seconds;
}

function describeBackend(fleet: Fleet): string {
  const names = fleet.hosts.map(({ name }) => name).join(', ');
  const where = fleet.backend === 'containers' ? 'containers' : 'plain processes on loopback addresses';
  const why = fleet.backendReason === undefined ? '' : ` (${fleet.backendReason})`;
  return `${names} are up as ${where}${why}; waiting for etcd to form one cluster of ${hostCount}…`;
}

/** Each container has a loopback of its own; plain processes share one, so there each way in leads to every server. */
function seedsOf(fleet: Fleet): string[] {
  return fleet.backend === 'containers'
    ? [DEFAULT_CLIENT_URL]
    : fleet.hosts.map(({ clientUrl }) => clientUrl);
}

/** The same connection that a person would give with flags. */
function connectionTo(fleet: Fleet): FleetTarget {
  return {
    sshUrls: fleet.hosts.map(({ destination }) => destination),
    sshIds: [],
    sshKnownHosts: [],
    // Nothing of the person's own SSH set-up: no agent with many keys, no proxy for every host.
    sshConfig: fleet.sshConfigFile,
    seeds: seedsOf(fleet),
    namespace: DEFAULT_NAMESPACE,
    hostname: 'demo',
    timeoutMs: callTimeoutMs,
  };
}

/** Leaves the fleet up and says how to look around in it, and how to end it. */
function keep(fleet: Fleet, note: Say): void {
  fleet.keep();
  const config = `--config ${path.join(fleet.folder, 'hawser.yaml')}`;
  const [host] = fleet.hosts;
  note(lines(['', 'The hosts stay up. From this folder:']));
  note(`  npx hawser status ${config}`);
  note(`  npx hawser str set motd hello ${config}`);
  note(`  npx hawser deploys list ${config}`);
  note(`  npx hawser forward ${config}   # then: etcdctl --endpoints unix:///… get --prefix /_mgmt`);
  note(`  ssh -F ${path.join(fleet.folder, 'ssh_config')} ${host?.name ?? ''}`);
  note('and to take them down: npx hawser demo --stop');
}
