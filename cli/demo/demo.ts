import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Log } from '../../base/log.js';
import type { Fleet } from '../../fixtures/index.js';
import type { ClientWorld } from '../../world/client-world.js';
import { DEFAULT_CLIENT_URL } from '../../world/constants.js';
import { DEFAULT_NAMESPACE } from '../../world/keys.js';
import type { CommandContext } from '../command-context.js';
import { deploy } from '../deploy/deploy.js';
import { prepareDeploy } from '../deploy/prepare-deploy.js';
import { CliError } from '../errors.js';
import { EXIT_CODES } from '../exit-codes.js';
import type { FleetTarget } from '../fleet/merge-target.js';
import { openWorld } from '../fleet/open-world.js';
import type { Lines } from '../output/escaped-lines.js';
import { counted } from '../output/format-quantities.js';
import { lines, logTo, type OutputOptions, printNote, printResult } from '../output/print.js';
import { formatStatus } from '../status/format-status.js';
import { readStatus } from '../status/read-status.js';
import { askApps } from './ask-apps.js';
import { forgetDemo, rememberDemo } from './demo-fleet-file.js';
import { loadFixtures } from './load-fixtures.js';
import { waitForFleet } from './wait-for-fleet.js';

export interface DemoFlags extends OutputOptions {
  readonly backend: 'auto' | 'containers' | 'processes';
  readonly keep: boolean;
  readonly stop: boolean;
  readonly yes: boolean;
}

type Say = (text: string | Lines) => void;

const HOST_COUNT = 3;
const CALL_TIMEOUT_MS = 10_000;
const DEPLOY_TIMEOUT_MS = 60_000;

/** Starts a fleet, deploys the sample app to it over SSH, shows what it answers and stops everything. */
export async function demo(context: CommandContext, flags: DemoFlags): Promise<void> {
  const { signal } = context.interrupts;
  const say: Say = (line) => {
    if (!flags.json) printResult(flags, undefined, line);
  };
  const startedAt = performance.now();
  const seconds = () => (performance.now() - startedAt) / 1_000;

  say(`Starting ${HOST_COUNT} hosts on this machine, each with sshd, etcd and an agent…`);
  const { createFleet, prepareMachine } = await loadFixtures();
  await prepareMachine({ signal, log: setupLog(flags) });
  const fleet = await createFleet({ hosts: HOST_COUNT, backend: flags.backend, log: logTo(flags), signal });
  try {
    say(describeBackend(fleet));
    const { answers, deploySeconds } = await tour(fleet, { flags, signal, say, seconds });
    if (flags.json) {
      printResult(
        flags,
        {
          backend: fleet.backend,
          hosts: answers,
          totalMs: Math.round(seconds() * 1_000),
          deployMs: Math.round(deploySeconds * 1_000),
        },
        '',
      );
    }
    if (flags.keep) return await keep(fleet, say);
    say(lines(['', 'Stopping everything…']));
  } finally {
    await fleet.close();
  }
}

/** What is installed or downloaded on this machine is shown without `--verbose` too. */
function setupLog(flags: DemoFlags): Log {
  return (level, message) => {
    if (level !== 'debug') printNote(flags, `setup: ${message}`);
  };
}

/** What the steps of a demo need. */
interface Tour {
  readonly flags: DemoFlags;
  readonly signal: AbortSignal;
  readonly say: Say;
  /** Since the start. */
  readonly seconds: () => number;
}

async function tour(fleet: Fleet, { flags, signal, say, seconds }: Tour) {
  const target = targetOf(fleet);
  await using world = await openWorld(target, logTo(flags), signal);
  await waitForFleet(world, fleet, signal);
  say(
    lines(['', formatStatus(await readStatus(world, { signal, timeoutMs: CALL_TIMEOUT_MS }, logTo(flags)))]),
  );
  say(lines(['', `The fleet is up after ${seconds().toFixed(1)} s. Deploying fixtures/hello over SSH…`]));
  const deploySeconds = await deployHello(world, flags, signal);
  const answers = await askApps(fleet, target, logTo(flags), signal);
  say(lines(['', 'The answer of each app, through a tunnel to its host:']));
  for (const { host, answer } of answers) say(`  ${host}: ${answer}`);
  const [all, deployed] = [seconds(), deploySeconds].map((time) => `${time.toFixed(1)} s`);
  say(lines(['', `${HOST_COUNT} healthy hosts ${all} after the start; the deploy took ${deployed}.`]));
  return { answers, deploySeconds };
}

/** Stops the fleets that `--keep` left running. */
export async function stopDemo(flags: DemoFlags): Promise<void> {
  const { keptFleets, removeFleet } = await loadFixtures();
  const folders = await keptFleets();
  for (const folder of folders) {
    await removeFleet(folder);
    await forgetDemo(folder);
  }
  printResult(
    flags,
    { stopped: folders.length },
    folders.length === 0 ? 'No demo fleet is running.' : `Stopped ${counted(folders.length, 'demo fleet')}.`,
  );
}

/** @returns how many seconds it took, without the person's time to answer. */
async function deployHello(world: ClientWorld, flags: DemoFlags, signal: AbortSignal): Promise<number> {
  const folder = fileURLToPath(new URL('../../../fixtures/hello', import.meta.url));
  const choices = { folder, message: 'the sample app', git: false, force: false, noop: false };
  const prepared = await prepareDeploy(choices, signal);
  let startedAt = performance.now();
  const { text, value, exitCode } = await deploy(world, prepared, {
    ...flags,
    signal,
    plan: false,
    allowMissing: false,
    tellsChanges: false,
    ...{ diff: false, restart: false, timeoutMs: CALL_TIMEOUT_MS },
    wait: true,
    waitTimeout: DEPLOY_TIMEOUT_MS,
    onConfirmed: () => {
      startedAt = performance.now();
    },
  });
  if (exitCode !== EXIT_CODES.done) throw new CliError('unhealthy', String(value['message']));
  const seconds = (performance.now() - startedAt) / 1_000;
  if (!flags.json) printResult(flags, undefined, text);
  return seconds;
}

function describeBackend(fleet: Fleet): string {
  const names = fleet.hosts.map(({ name }) => name).join(', ');
  const where = fleet.backend === 'containers' ? 'containers' : 'plain processes on loopback addresses';
  const why = fleet.backendReason === undefined ? '' : ` (${fleet.backendReason})`;
  return `${names} are up as ${where}${why}; waiting for etcd to form one cluster of ${HOST_COUNT}…`;
}

/** Each container has a loopback of its own; plain processes share one, so there each host reaches every server. */
function seedsOf(fleet: Fleet): string[] {
  return fleet.backend === 'containers'
    ? [DEFAULT_CLIENT_URL]
    : fleet.hosts.map(({ clientUrl }) => clientUrl);
}

/** The target that a person would give with flags. */
function targetOf(fleet: Fleet): FleetTarget {
  return {
    sshUrls: fleet.hosts.map(({ destination }) => destination),
    sshIds: [],
    sshKnownHosts: [],
    // Ignores the person's own SSH settings, such as an SSH agent with many keys or a proxy for every host.
    sshConfig: fleet.sshConfigFile,
    seeds: seedsOf(fleet),
    namespace: DEFAULT_NAMESPACE,
    hostname: 'demo',
    timeoutMs: CALL_TIMEOUT_MS,
  };
}

/** Leaves the fleet running, as one of the person's fleets, and prints how to explore and how to stop it. */
async function keep(fleet: Fleet, note: Say): Promise<void> {
  const name = await rememberDemo(fleet, targetOf(fleet));
  fleet.keep();
  note(lines(['', `The hosts stay up, as the fleet "${name}":`]));
  note(`  hawser status --fleet ${name}`);
  note(`  hawser exec all --fleet ${name} -- uptime`);
  note(`  hawser str set motd hello --fleet ${name}`);
  note(`  hawser forward --fleet ${name}   # then: etcdctl --endpoints unix:///… get --prefix /_mgmt`);
  note(`  ssh -F ${path.join(fleet.folder, 'ssh_config')} ${fleet.hosts[0]?.name ?? ''}`);
  note('To stop them: hawser demo --stop');
}
