import { readFile } from 'node:fs/promises';
import { AGENT_PROTOCOL } from '../../agent/constants.js';
import type { Log } from '../../base/log.js';
import { packageVersion } from '../../base/package-version.js';
import { formatDestination } from '../../tunnel/parse-destination.js';
import type { ResolvedTunnelOptions } from '../../tunnel/tunnel-options.js';
import { CliError } from '../errors.js';
import { destinationOf, type FleetHost, usesBridge } from '../fleet/file/fleet.js';
import { checkSelection, selectHosts } from '../fleet/file/select-hosts.js';
import type { FleetTarget } from '../fleet/merge-target.js';
import { tunnelOptions } from '../fleet/tunnel-options.js';
import { readYamlText } from '../fleet/yaml-document.js';
import type { Subject } from './subject.js';

/** A host to examine, and how it is connected to. */
export interface ChosenSubject {
  readonly subject: Subject;
  readonly tunnel: ResolvedTunnelOptions;
}

/**
 * Whom to examine: hosts of the fleet by a selection, an SSH destination, or, where nobody is named, all hosts.
 *
 * @throws CliError `usage` for a selection that matches nobody and is no destination, and where there is nobody to examine;
 * TunnelError `bad-destination`
 */
export async function chooseSubjects(
  target: FleetTarget,
  selection: string | undefined,
  { log, signal }: { readonly log: Log; readonly signal: AbortSignal },
): Promise<ChosenSubject[]> {
  const hosts = chooseHosts(target, selection);
  const sshUrls = hosts.map((host) => (typeof host === 'string' ? host : destinationOf(host)));
  if (sshUrls.length === 0) {
    const message =
      'Nobody to examine: name a host of the fleet or an SSH destination, such as "hawser doctor root@web1".';
    throw new CliError('usage', message);
  }
  const fleetHosts = hosts.filter((host) => typeof host !== 'string');
  const reached = {
    ...target,
    sshUrls,
    fleetHosts: fleetHosts.length === hosts.length ? fleetHosts : undefined,
  };
  const { destinations, ...shared } = await tunnelOptions(reached, log, signal);
  const lineOf = await pinLines(target.file);
  return destinations.map((destination, index): ChosenSubject => {
    const host = hosts[index];
    const known = typeof host === 'string' ? undefined : host;
    const subject = {
      name: known?.name ?? (typeof host === 'string' ? host : ''),
      isFleetHost: known !== undefined,
      pinnedAt: known && known.hostKeys.length > 0 ? lineOf(known.name) : undefined,
      place: formatDestination(destination),
      destination,
      seeds: target.seeds,
      usesBridge: known !== undefined && usesBridge(known),
      fleetId: target.fleetId?.uuid,
      namespace: target.namespace,
      own: { version: packageVersion(), protocol: AGENT_PROTOCOL },
    };
    return { subject, tunnel: { ...shared, destinations: [destination] } };
  });
}

function chooseHosts(
  { fleetHosts, sshUrls }: FleetTarget,
  selection: string | undefined,
): readonly (FleetHost | string)[] {
  if (selection === undefined) return fleetHosts ?? sshUrls;
  if (isDestination(selection)) return [selection];
  checkSelection(selection);
  if (fleetHosts === undefined) return [selection];
  return selectHosts({ hosts: fleetHosts }, selection);
}

/** What no name of a host can be. */
function isDestination(text: string): boolean {
  return text.includes('@') || text.startsWith('ssh://') || /:\d+$/.test(text);
}

/** Says where a fleet file has the key of a host. */
async function pinLines(file: string | undefined): Promise<(name: string) => string | undefined> {
  if (file === undefined) return () => undefined;
  const content = await readFile(file).catch(() => undefined);
  const yaml = content === undefined ? undefined : readYamlText(file, content);
  return (name) => {
    const line = yaml?.placeOf(['hosts', name, 'host-key'])?.line;
    return line === undefined ? file : `${file}:${line}`;
  };
}
