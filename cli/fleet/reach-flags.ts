import type { ConnectionFlags } from './connection-flags.js';
import type { FleetTarget } from './merge-target.js';

const FLAGS = {
  fleet: '--fleet',
  config: '--config',
  sshUrl: '--ssh-url',
  sshHostkey: '--ssh-hostkey',
  sshId: '--ssh-id',
  sshKnownHosts: '--ssh-known-hosts',
  sshConfig: '--ssh-config',
  transport: '--transport',
  seeds: '--seeds',
  cacert: '--cacert',
  cert: '--cert',
  key: '--key',
  user: '--user',
  passwordFile: '--password-file',
  namespace: '--namespace',
} as const satisfies Partial<Record<keyof ConnectionFlags, string>>;

/** The flags by which another command reaches the same fleet, from any directory. */
export function reachFlags(flags: ConnectionFlags, target: Pick<FleetTarget, 'foundBy'>): string[] {
  const given = Object.entries(FLAGS).flatMap(([name, flag]) => {
    const value: string | readonly string[] | undefined = flags[name as keyof typeof FLAGS];
    const values = value === undefined ? [] : [value].flat();
    return values.flatMap((one) => [flag, one]);
  });
  return [...given, ...(target.foundBy ?? [])];
}
