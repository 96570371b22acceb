import { Command, Option } from 'commander';
import { DEFAULT_PREFIX } from '../../agent/constants.js';
import type { AgentOptions } from '../../agent/host-agent.js';
import type { Log } from '../../base/log.js';
import type { CommandContext } from '../command-context.js';
import { type ConnectionFlags, withConnection } from '../fleet/connection-flags.js';
import { etcdUser } from '../fleet/etcd-user.js';
import { openWorld } from '../fleet/open-world.js';
import { resolveTarget } from '../fleet/resolve-target.js';
import {
  refuseNetworkFlags,
  type ServerFlags,
  serverTls,
  withServerFlags,
} from '../fleet/run-server-flags.js';
import { byteSize, collectList, countFromZero, wholeNumber } from '../input/parse-flag-values.js';
import { writeJson, writeResult } from '../output/write-output.js';
import { watchForHangUp } from '../watch-for-hang-up.js';

interface RunFlags extends ConnectionFlags, ServerFlags {
  readonly prefix: string;
  readonly tmpPrefix: boolean;
  readonly sshUrl?: string[];
  readonly seeds?: string[];
  readonly server: boolean;
  readonly newCluster: boolean;
  readonly stayMember: boolean;
  readonly appUnits: boolean;
  readonly insecure: boolean;
  readonly idealClusterSize?: number;
  readonly quotaBackendBytes?: number;
  readonly keepDeploys?: number;
  readonly allowedSigners?: string;
  readonly metrics?: string[];
}

/** `hawser run`: the agent of one host. */
export function runCommand(context: CommandContext): Command {
  const command = withConnection(
    new Command('run'),
    'hawser run --hostname web1 --new-cluster   # on the first host; the others need --seeds and certificates',
  );
  command
    .description(
      'run the agent on this host: etcd, deploys and scheduling; shuts down cleanly on Ctrl-C, SIGTERM or a hang-up',
    )
    .option('--prefix <dir>', 'directory for all data', DEFAULT_PREFIX)
    .option('--tmp-prefix', 'keep everything in a temporary directory that is deleted on exit', false)
    .option('--new-cluster', 'create a new cluster; only for the first host of a fleet', false)
    .option(
      '--stay-member',
      'stay a member of the etcd cluster when stopped, for an agent that is started again soon',
      false,
    )
    .option('--app-units', 'run apps as units of systemd, which go on while the agent is stopped', false)
    .option('--no-server', 'never run an etcd server on this host; connect to the seeds as a client')
    .addOption(
      new Option('--ideal-cluster-size <n>', 'number of etcd servers that the fleet should have').argParser(
        wholeNumber,
      ),
    )
    .addOption(
      new Option(
        '--quota-backend-bytes <size>',
        "size limit of etcd's database, such as 4GiB (default: 2GiB)",
      ).argParser(byteSize),
    )
    .addOption(
      new Option(
        '--keep-deploys <n>',
        'number of deploys to keep in the log, besides those that hosts run; 0 keeps all (default: 50)',
      ).argParser(countFromZero),
    )
    .option(
      '--allowed-signers <file>',
      'apply only deploys that one of the keys in this allowed_signers file has signed',
    )
    .option(
      '--metrics <addresses>',
      'serve figures for Prometheus at unix:/path or a loopback port such as 127.0.0.1:9633',
      collectList,
    );
  return withServerFlags(command).action((flags: RunFlags) => runAgent(context, flags));
}

async function runAgent(context: CommandContext, flags: RunFlags): Promise<void> {
  refuseNetworkFlags(flags);
  const [{ HostAgent }, { makePrivateFolder, removePrivateFolder }] = await Promise.all([
    import('../../agent/host-agent.js'),
    import('../../tunnel/files/make-private-folder.js'),
  ]);
  const prefix = flags.tmpPrefix ? makePrivateFolder() : flags.prefix;
  try {
    const agent = new HostAgent(await agentOptions(context, flags, prefix));
    context.interrupts.onKill(() => agent.kill());
    context.interrupts.onSecond(() => agent.endsWithinMs);
    endWithReader(context, process.env);
    using _ = watchForHangUp(() => context.interrupts.hangUp());
    await agent.run(context.interrupts.signal);
    // A service manager stops an agent with SIGTERM: that is its normal end, not an interruption.
    context.endedNormally = context.interrupts.signalName === 'SIGTERM';
  } finally {
    if (flags.tmpPrefix) removePrivateFolder(prefix);
  }
}

/**
 * Shuts the agent down when nobody reads its log any more, because the terminal or the pipe is gone; one that cannot
 * write its log for another reason goes on. Under systemd the journal is away for a moment at most.
 */
function endWithReader({ interrupts }: CommandContext, environment: NodeJS.ProcessEnv): void {
  process.stdout.removeAllListeners('error').on('error', ({ code }: NodeJS.ErrnoException) => {
    const isGone = code === 'EPIPE' || code === 'EIO';
    if (isGone && environment['JOURNAL_STREAM'] === undefined) interrupts.hangUp();
  });
}

async function agentOptions(context: CommandContext, flags: RunFlags, prefix: string): Promise<AgentOptions> {
  const target = await resolveTarget(flags, { searchConfig: false });
  const log = agentLog(flags);
  return {
    hostname: target.hostname,
    prefix,
    isTemporary: flags.tmpPrefix,
    namespace: target.namespace,
    seeds: flags.seeds,
    fleet: target.fleetId,
    connectSeeds: target.sshUrls.length === 0 ? undefined : (signal) => openWorld(target, log, signal),
    clientUrls: flags.clientUrls,
    socketGroup: flags.socketGroup,
    serverUrls: flags.serverUrls,
    insecure: flags.insecure,
    aClientUrls: flags.advertiseClientUrls,
    aServerUrls: flags.advertiseServerUrls,
    newCluster: flags.newCluster,
    staysMember: flags.stayMember,
    useUnits: flags.appUnits,
    noServer: !flags.server,
    noNetwork: !flags.network,
    tls: serverTls(flags),
    clientTls: target.tls,
    user: etcdUser(target.user, { canAsk: false, signal: context.interrupts.signal }),
    labels: flags.label,
    idealClusterSize: flags.idealClusterSize,
    quotaBackendBytes: flags.quotaBackendBytes,
    keepDeploys: flags.keepDeploys,
    allowedSigners: flags.allowedSigners,
    metrics: flags.metrics,
    log,
  };
}

/** The agent's own log: a line with the time on stdout, or a JSON object a line. */
function agentLog(flags: ConnectionFlags): Log {
  return (level, message) => {
    if (level === 'debug' && !flags.verbose) return;
    const time = new Date().toISOString();
    if (flags.json) writeJson({ time, level, message });
    else writeResult(`${time} ${level.padEnd(5)} ${message}`);
  };
}
