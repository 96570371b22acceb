import path from 'node:path';
import type { ConnectionFlags } from './connection-flags.js';
import type { FleetTarget } from './merge-target.js';

type Given = string | readonly string[] | undefined;

/** The flags by which another command reaches the same fleet, from any directory. */
export function reachFlags(flags: ConnectionFlags, { foundBy = [] }: Pick<FleetTarget, 'foundBy'>): string[] {
  const values: readonly (readonly [flag: string, given: Given])[] = [
    ['--ssh-url', flags.sshUrl],
    ['--ssh-hostkey', flags.sshHostkey],
    ['--transport', flags.transport],
    ['--seeds', flags.seeds],
    ['--user', flags.user],
    ['--namespace', flags.namespace],
  ];
  const files: readonly (readonly [flag: string, given: Given])[] = [
    ['--ssh-id', flags.sshId],
    ['--ssh-known-hosts', flags.sshKnownHosts],
    ['--ssh-config', flags.sshConfig],
    ['--cacert', flags.cacert],
    ['--cert', flags.cert],
    ['--key', flags.key],
    ['--password-file', flags.passwordFile],
  ];
  return [
    ...foundBy.map((value) => (/\/|\.ya?ml$/.test(value) ? path.resolve(value) : value)),
    ...values.flatMap(([flag, given]) => each(given).flatMap((value) => [flag, value])),
    ...files.flatMap(([flag, given]) => each(given).flatMap((file) => [flag, fromAnywhere(file)])),
  ];
}

function each(given: Given): readonly string[] {
  return given === undefined ? [] : [given].flat();
}

function fromAnywhere(file: string): string {
  return /^(~|none$)/.test(file) ? file : path.resolve(file);
}
