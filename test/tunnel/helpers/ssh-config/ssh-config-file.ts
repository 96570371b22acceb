import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type ResolvedDestination,
  type ResolvedTunnelOptions,
  resolveDestination,
} from '../../../../tunnel/index.js';
import type { Sshd } from '../sshd.js';

/** The lines of ssh_config for one of our servers. */
export function hostLines(alias: string, sshd: Sshd, further: readonly string[] = []): string {
  return [
    `Host ${alias}`,
    ...further,
    `HostName 127.0.0.1`,
    `Port ${sshd.port}`,
    `User ${sshd.destination.user}`,
    `IdentityFile ${sshd.identityFile}`,
    `IdentitiesOnly yes`,
    `UserKnownHostsFile ${sshd.knownHostsFile}`,
    'GlobalKnownHostsFile none',
  ].join('\n  ');
}

/** Writes an ssh_config file into a server's directory. */
export async function writeSshConfig(sshd: Sshd, hosts: readonly string[]): Promise<string> {
  const file = join(sshd.folder, 'config');
  await writeFile(file, `${hosts.join('\n')}\n`);
  return file;
}

/** Resolves a destination by a file only. */
export function resolveBy(file: string, text: string): Promise<ResolvedDestination> {
  return resolveDestination(text, { environment: { PATH: process.env['PATH'] }, configFile: file });
}

/** Options to open a tunnel to a destination that a file describes. */
export async function optionsBy(file: string, text: string): Promise<ResolvedTunnelOptions> {
  return { destinations: [await resolveBy(file, text)] };
}
