import type { Agent } from '../../world/agents/registered-agents.js';
import { listed } from '../output/format-quantities.js';

/** A program of the fleet, as it describes itself. */
export type Speaker = Pick<Agent, 'version' | 'protocol'>;

/** A version comes from the host. */
const MOST_VERSION_LENGTH = 40;

/** Says which agents, by hostname, run another version than this program, and what to do; undefined if none does. */
export function describeOtherVersions(
  agents: ReadonlyMap<string, Speaker>,
  own: { readonly version: string; readonly protocol: number },
): string | undefined {
  const others = [...agents]
    .filter(([, { version, protocol }]) => version !== own.version || protocol !== own.protocol)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const those = (isSo: (protocol: number) => boolean) =>
    // Agents from before the protocol was said are older than any that says it.
    others.filter(([, { protocol = 0 }]) => isSo(protocol));
  const sentences = [
    sentence(
      those((protocol) => protocol > own.protocol),
      (run, versions) =>
        `${run} ${versions}, which this hawser (${own.version}, protocol ${own.protocol}) does not fully support: update it with "npm install -g hawser".`,
    ),
    sentence(
      those((protocol) => protocol < own.protocol),
      (run, versions) =>
        `${run} ${versions}, older than this hawser (${own.version}, protocol ${own.protocol}), which they may not fully support: run "hawser upgrade".`,
    ),
    sentence(
      those((protocol) => protocol === own.protocol),
      (run, versions) => `${run} ${versions}; this is hawser ${own.version}, which works with that.`,
    ),
  ];
  return sentences.filter((text) => text !== '').join(' ') || undefined;
}

function sentence(
  hosts: readonly (readonly [hostname: string, Speaker])[],
  say: (run: string, versions: string) => string,
): string {
  if (hosts.length === 0) return '';
  const versions = hosts.map(([, speaker]) => named(speaker));
  const names = hosts.map(([hostname]) => hostname);
  return say(
    `${listed(names)} ${names.length === 1 ? 'runs' : 'run'}`,
    `hawser ${listed([...new Set(versions)])}`,
  );
}

function named({ version, protocol }: Speaker): string {
  const short = version.slice(0, MOST_VERSION_LENGTH);
  return `${short} (${protocol === undefined ? 'no protocol' : `protocol ${protocol}`})`;
}
