import type { StartFleetOptions, TestFleet } from '../../testing/index.js';
import { CliError } from '../errors.js';
import { type OutputOptions, printNote } from '../output/print.js';
import { listLabs } from './labs.js';
import { withTesting } from './load-testing.js';

export interface UpFlags extends OutputOptions {
  readonly hosts: number | readonly string[];
  readonly name: string;
  readonly agents: boolean;
  readonly backend: 'auto' | 'containers' | 'processes';
  readonly etcd?: '3.4' | '3.5' | '3.6';
  readonly user?: string;
  readonly sudo?: 'none' | 'free' | 'password';
  readonly jump?: string;
  readonly sshd?: 'default' | 'old' | 'hardened' | 'two-factor';
  readonly systemd: boolean;
  /** In bytes. */
  readonly disk?: number;
  /** In milliseconds. */
  readonly delay?: number;
}

/** Starts a lab, which stays when this process ends. @throws CliError `refused` if there is one of that name; `usage`; `failed` */
export async function upLab(flags: UpFlags, signal: AbortSignal): Promise<TestFleet> {
  const taken = (await listLabs(flags)).find(({ name }) => name === flags.name);
  if (taken !== undefined) {
    const message = `A lab named ${flags.name} runs already (${taken.hosts.join(', ')}): end it with "hawser lab down ${flags.name}", or give this one another --name.`;
    throw new CliError('refused', message);
  }
  const { fleet, reason } = await withTesting(async ({ startFleet }) => {
    const started = await startFleet({
      ...startOptions(flags),
      signal,
      onPrepare: (message) => printNote(flags, message),
    });
    return { fleet: started, reason: started.backendReason };
  });
  if (reason !== undefined) printNote(flags, `Its hosts are processes of this machine: ${reason}.`);
  return fleet;
}

/** What the flags mean to `startFleet`. */
function startOptions(flags: UpFlags): StartFleetOptions {
  const { hosts, name, agents, backend, etcd, user, sudo, jump, sshd, systemd, disk, delay } = flags;
  return {
    ...{ hosts, name, agents, backend, etcd, user, sudo, jump, sshd, systemd },
    keep: true,
    delayMs: delay,
    ...(disk !== undefined && { disks: { '/var/lib/hawser': disk } }),
  };
}

/** `3`, or `web1,web2,db`. */
export function parseHosts(text: string): number | string[] {
  return /^\d+$/.test(text) ? Number(text) : text.split(',').map((name) => name.trim());
}
