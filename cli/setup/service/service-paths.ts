/** Where things are on a host that `up` made. */
export const PATHS = {
  programs: '/opt/hawser',
  wrapper: '/opt/hawser/bin/hawser',
  agentScript: '/opt/hawser/bin/hawser-agent',
  supervisor: '/opt/hawser/bin/hawser-supervisor',
  settings: '/etc/hawser',
  arguments: '/etc/hawser/agent.args',
  etcdProgram: '/etc/hawser/etcd-program',
  /** Written by whoever is root there, never by `up`. */
  allowedSigners: '/etc/hawser/allowed_signers',
  certificates: '/etc/hawser/tls',
  data: '/var/lib/hawser',
  sockets: '/run/hawser',
  appEnvironments: '/run/hawser-apps',
  socket: '/run/hawser/etcd.sock',
  metricsSocket: '/run/hawser/metrics.sock',
  unit: '/etc/systemd/system/hawser.service',
  initScript: '/etc/init.d/hawser',
  cronTable: '/etc/cron.d/hawser',
  log: '/var/log/hawser.log',
} as const;

/** Who is in it may use the fleet, and so is root on every host. */
export const GROUP = 'hawser';

/** Whom apps run as. Not in the group. */
export const APP_USER = 'hawser-app';
