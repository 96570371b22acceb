import { TunnelError } from '../../../tunnel/errors.js';
import { listHostAliases } from '../../../tunnel/ssh-config/reader/list-host-aliases.js';
import { CliError } from '../../errors.js';
import type { FleetHost } from '../../fleet/file/fleet.js';
import { isHostName } from '../../fleet/file/fleet-file-schema.js';
import { writeRemark } from '../../output/write-output.js';
import { askText } from '../../prompts/ask-text.js';
import { chooseSeveral } from '../../prompts/choose-several.js';
import { addLabels, describeHosts } from './parse-host-arguments.js';

/** What is known of a fleet that is to be. */
export interface FleetWishes {
  readonly name?: string | undefined;
  /** As {@link describeHosts} takes them. */
  readonly hosts?: readonly string[] | undefined;
  /** As {@link addLabels} takes them. */
  readonly labels?: readonly string[] | undefined;
  readonly clusterSize?: number | undefined;
}

/** All of it. */
export interface WishedFleet {
  readonly name: string;
  readonly hosts: readonly FleetHost[];
  readonly clusterSize: number;
}

const MOST_SERVERS = 5;

/**
 * How many etcd servers suit a number of hosts: an odd one, because a cluster survives the loss of less than half.
 */
export function suitableClusterSize(hosts: number): number {
  return Math.max(1, Math.min(MOST_SERVERS, hosts % 2 === 0 ? hosts - 1 : hosts));
}

/**
 * Asks for what is not known. Only for a terminal.
 *
 * @param nameProblem what is wrong with a name
 * @throws CliError `usage` for wishes that are wrong; InterruptedError on Ctrl-C
 */
export async function askForFleet(
  wishes: FleetWishes,
  nameProblem: (name: string) => Promise<string | undefined>,
  signal: AbortSignal,
): Promise<WishedFleet> {
  const name = wishes.name ?? (await askName(nameProblem, signal));
  const hosts = wishes.hosts === undefined ? await askForHosts(signal) : describeHosts(wishes.hosts);
  const labels = wishes.labels ?? (await askForLabels(hosts, signal));
  const clusterSize = wishes.clusterSize ?? (await askForSize(hosts.length, signal));
  return { name, hosts: addLabels(hosts, labels), clusterSize };
}

async function askName(
  nameProblem: (name: string) => Promise<string | undefined>,
  signal: AbortSignal,
): Promise<string> {
  for (let byDefault = 'prod'; ; ) {
    const name = await askText('Name of the fleet:', { signal, byDefault, problemOf: () => undefined });
    const problem = await nameProblem(name);
    if (problem === undefined) return name;
    writeRemark(problem);
    byDefault = '';
  }
}

async function askForHosts(signal: AbortSignal): Promise<FleetHost[]> {
  const aliases = await knownAliases();
  const chosen =
    aliases.length === 0
      ? []
      : await chooseSeveral('Hosts of your ssh_config that belong to it:', aliases, signal);
  const message =
    aliases.length === 0 ? 'Its hosts, such as root@web1.example.org:' : 'Other hosts (Enter for none):';
  // An alias is a name already.
  const named = chosen.map((alias) => (isHostName(alias) ? `${alias}=${alias}` : alias));
  const withChosen = (answer: string) => [...named, ...splitWords(answer)];
  const problemOf = (answer: string) =>
    withChosen(answer).length === 0
      ? 'A fleet needs a host.'
      : problemWith(() => describeHosts(withChosen(answer)));
  writeRemark('Separate hosts with spaces; NAME=DESTINATION gives a host another name.');
  return describeHosts(withChosen(await askText(message, { signal, problemOf })));
}

async function askForLabels(hosts: readonly FleetHost[], signal: AbortSignal): Promise<string[]> {
  const example = `${hosts[0]?.name}:role=web`;
  const answer = await askText(`Labels, such as ${example} (Enter for none):`, {
    signal,
    problemOf: (text) => problemWith(() => addLabels(hosts, splitWords(text))),
  });
  return splitWords(answer);
}

async function askForSize(hosts: number, signal: AbortSignal): Promise<number> {
  const answer = await askText('How many of them run etcd:', {
    signal,
    byDefault: String(suitableClusterSize(hosts)),
    problemOf: (text) => (/^[1-9][0-9]?$/.test(text) ? undefined : 'Write a whole number from 1 to 99.'),
  });
  return Number(answer);
}

/** None where ssh_config cannot be read: logging in will say why. */
async function knownAliases(): Promise<string[]> {
  try {
    return await listHostAliases();
  } catch (error) {
    if (error instanceof TunnelError) return [];
    throw error;
  }
}

function splitWords(text: string): string[] {
  return text.split(/[\s,]+/).filter((word) => word !== '');
}

function problemWith(attempt: () => unknown): string | undefined {
  try {
    attempt();
    return undefined;
  } catch (error) {
    if (error instanceof CliError) return error.message;
    throw error;
  }
}
