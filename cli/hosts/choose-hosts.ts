import type { TransportName } from '../../tunnel/connection/choose-transport.js';
import { CliError } from '../errors.js';
import { findUsedFile } from '../fleet/file/find-fleet-file.js';
import { destinationOf } from '../fleet/file/fleet.js';
import { readFleetFile } from '../fleet/file/read-fleet.js';
import { selectHosts } from '../fleet/file/select-hosts.js';
import { type FleetTarget, mergeTarget } from '../fleet/merge-target.js';
import type { OutputOptions } from '../output/print.js';
import { parseHosts } from './parse-hosts.js';

/** From so many hosts on, asking `ssh` about each would take longer than logging in to them. */
const MANY = 8;

/** The flags that say which hosts a command means, and how to log in to them. */
export interface HostChoiceFlags extends OutputOptions {
  readonly fleet?: string;
  readonly sshId?: string[];
  readonly sshKnownHosts?: string[];
  readonly sshConfig?: string;
  readonly transport?: TransportName;
  /** How long logging in to a host may take, in milliseconds; default what ssh_config says, else 10 s. */
  readonly connectTimeout?: number;
}

/** A host that was chosen, and all that flags and fleet file say of logging in to it. */
export interface ChosenHost {
  /** In the fleet, or the destination as the person wrote it. */
  readonly name: string;
  readonly target: FleetTarget;
}

/** The hosts that a command means. */
export interface ChosenHosts {
  readonly hosts: readonly ChosenHost[];
  /** The file of the fleet that some of them are of. */
  readonly fleetFile?: string | undefined;
}

/**
 * Finds the hosts that a text means, in the order of the fleet, each once: names, globs, labels and `all` of the fleet, and SSH
 * destinations. Where no fleet is known, a name is what it is to `ssh`.
 *
 * @throws CliError `usage` for an unknown host, an unknown fleet, and where none is selected, unless that is allowed
 */
export async function chooseHosts(
  text: string,
  flags: HostChoiceFlags,
  { allowsNone = false }: { readonly allowsNone?: boolean } = {},
): Promise<ChosenHosts> {
  const { selection, destinations } = parseHosts(text);
  const found = selection === undefined ? undefined : await findUsedFile(flags);
  if (selection !== undefined && found === undefined && !/^[\w.-]+(,[\w.-]+)*$/.test(selection))
    throw new CliError(
      'usage',
      `Cannot look up ${selection}: no fleet is known here. Pass --fleet FILE, or SSH destinations such as user@host.`,
    );
  const loose = [...(found === undefined ? (selection?.split(',') ?? []) : []), ...destinations];
  const chosen = loose.map((destination) => looseHost(destination, flags));
  if (found === undefined || selection === undefined) return { hosts: complete(chosen) };
  const { connection, fleet } = await readFleetFile(found);
  const whole = mergeTarget(asConnectionFlags(flags), connection, false);
  const { fleetHosts = [] } = whole;
  const hosts = select({ name: fleet.name, hosts: fleetHosts }, selection, allowsNone).map((host) => ({
    name: host.name,
    target: { ...whole, fleetHosts: [host], sshUrls: [destinationOf(host)] },
  }));
  return { hosts: complete([...hosts, ...chosen]), fleetFile: found.file };
}

function select(
  source: Parameters<typeof selectHosts<NonNullable<FleetTarget['fleetHosts']>[number]>>[0],
  selection: string,
  allowsNone: boolean,
) {
  try {
    return selectHosts(source, selection);
  } catch (error) {
    // A name that stands for one host is a typing error where there is no such host.
    const mayBeNone = selection.split(',').every((term) => /[*?=]|^all$/.test(term));
    if (allowsNone && mayBeNone) return [];
    if (!mayBeNone || !(error instanceof CliError)) throw error;
    throw new CliError(error.code, `${error.message} If that is no mistake, pass --allow-empty.`);
  }
}

function looseHost(destination: string, flags: HostChoiceFlags): ChosenHost {
  return {
    name: destination,
    target: mergeTarget({ ...asConnectionFlags(flags), sshUrl: [destination] }, {}, false),
  };
}

function asConnectionFlags({ connectTimeout, ...flags }: HostChoiceFlags) {
  return connectTimeout === undefined ? flags : { ...flags, timeout: connectTimeout };
}

/** Each once. */
function complete(hosts: readonly ChosenHost[]): ChosenHost[] {
  const unique = [...new Map(hosts.map((host) => [host.name, host])).values()];
  if (unique.length < MANY) return unique;
  return unique.map(({ name, target }) => ({ name, target: { ...target, readsSshConfig: true } }));
}
