import { GROUP, PATHS } from './service-paths.js';

/** What the agent of one host is started with. */
export interface AgentSettings {
  readonly hostname: string;
  readonly fleet: { readonly name: string; readonly id: string | undefined };
  /** What other hosts dial, and what etcd listens on unless `listenAddress` differs. */
  readonly address: string;
  /** For an address that the host itself does not have, behind a translating router. */
  readonly listenAddress?: string;
  /** The client URLs of other hosts; empty on the first one. */
  readonly seeds: readonly string[];
  readonly newCluster: boolean;
  readonly clusterSize: number | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly namespace: string | undefined;
  /** Default: the first on the PATH. */
  readonly etcdProgram?: string;
  /** The node program. */
  readonly runtime: string;
  /** The name of the bundle under `releases/`. */
  readonly release: string;
}

/** The command line of the agent, from `run` on. */
export function agentArguments(settings: AgentSettings): string[] {
  const { hostname, fleet, address, listenAddress = address, seeds, labels, namespace } = settings;
  const url = (host: string, port: number) => `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const advertised =
    listenAddress === address
      ? []
      : [
          ...['--advertise-client-urls', url(address, 2379)],
          ...['--advertise-server-urls', url(address, 2380)],
        ];
  const { certificates } = PATHS;
  const files = ['', 'peer-'].flatMap((side) => [
    ...[`--${side}cert-file`, `${certificates}/host.crt`],
    ...[`--${side}key-file`, `${certificates}/host.key`],
    ...[`--${side}trusted-ca-file`, `${certificates}/ca.crt`],
  ]);
  return [
    ...['run', '--hostname', hostname, '--prefix', PATHS.data],
    ...['--client-urls', `${url(listenAddress, 2379)},unix://${PATHS.socket}`],
    ...['--server-urls', url(listenAddress, 2380)],
    ...advertised,
    ...files,
    ...['--socket-group', GROUP, '--stay-member', '--app-units'],
    ...['--metrics', `unix:${PATHS.metricsSocket}`],
    ...(fleet.id === undefined ? [] : ['--fleet-id', fleet.id]),
    ...(seeds.length === 0 ? [] : ['--seeds', seeds.join(',')]),
    ...(settings.newCluster ? ['--new-cluster'] : []),
    ...(settings.clusterSize === undefined ? [] : ['--ideal-cluster-size', String(settings.clusterSize)]),
    ...Object.entries(labels).flatMap(([key, value]) => ['--label', `${key}=${value}`]),
    ...(namespace === undefined ? [] : ['--namespace', namespace]),
  ];
}

/** The arguments as a file, one a line. @throws TypeError for one that a line cannot hold */
export function formatArguments(args: readonly string[]): string {
  const bad = args.find((arg) => arg === '' || /[\n\0]/.test(arg));
  if (bad !== undefined) throw new TypeError('An argument of the agent is empty or has a line break.');
  return `${args.join('\n')}\n`;
}
