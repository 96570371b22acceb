import { chooseSubjects } from '../../../cli/doctor/choose-subjects.js';
import { type Examination, examine } from '../../../cli/doctor/examine.js';
import { Patient } from '../../../cli/doctor/patient.js';
import type { ConnectionFlags } from '../../../cli/fleet/connection-flags.js';
import { resolveTarget } from '../../../cli/fleet/resolve-target.js';
import { SudoPasswords } from '../../../cli/setup/host/sudo-passwords.js';

/** How a host is examined: the flags of the command, a host of a fleet file or a destination. */
export interface Examined extends Partial<ConnectionFlags> {
  readonly host: string;
  readonly prefix?: string;
}

/** Examines one host as the command does, in this process: a start of the program for each would take longer. */
export async function examineHost({
  host,
  prefix = '/var/lib/hawser',
  ...given
}: Examined): Promise<Examination> {
  const { signal } = new AbortController();
  const log = (): void => undefined;
  const flags = { json: true, verbose: false, timeout: 3_000, sshConfig: 'none', ...given };
  const target = await resolveTarget(flags, { usesHosts: true, searchConfig: false, signal });
  const [chosen] = await chooseSubjects(target, host, { log, signal });
  if (chosen === undefined) throw new TypeError('nobody was chosen');
  const passwords = new SudoPasswords(undefined, undefined);
  const { timeoutMs } = target;
  const how = { tunnel: chosen.tunnel, target, passwords, prefix, timeoutMs, signal, log };
  await using patient = new Patient(chosen.subject, how);
  return examine(patient);
}
