import { matchesWildcards } from '../../base/match-wildcards.js';
import { isSelected, parseSelection } from '../../world/agents/host-selection.js';
import { CliError } from '../errors.js';
import { checkSelection } from '../fleet/file/select-hosts.js';
import { suggestion } from '../input/nearest-word.js';
import { EVENT_TYPES, type Happening } from './fleet-event.js';

/** What a person asks for. */
export interface EventRequest {
  /** Types, and globs of them. */
  readonly types?: readonly string[];
  /** A selection of hosts. */
  readonly hosts?: string;
}

/** Whether an event is asked for. @param labelsOf the labels of a host */
export type IsWanted = (
  event: Happening,
  labelsOf: (host: string) => Readonly<Record<string, string>>,
) => boolean;

/**
 * Of hosts only what concerns these is selected; what concerns none is, too. A gap is always told, whatever is selected.
 *
 * @throws CliError `usage` for a type that there is not, or no selection of hosts
 */
export function selectEvents({ types, hosts }: EventRequest): IsWanted {
  for (const type of types ?? []) requireType(type);
  if (hosts !== undefined) checkSelection(hosts);
  const selection = hosts === undefined ? undefined : parseSelection(hosts);
  return (event, labelsOf) => {
    if (event.type === 'gap') return true;
    if (types !== undefined && !types.some((type) => matchesWildcards(type, event.type))) return false;
    const host = 'host' in event ? event.host : null;
    if (selection === undefined || host === null) return true;
    return isSelected(selection, { name: host, labels: labelsOf(host) });
  };
}

function requireType(wanted: string): void {
  if (EVENT_TYPES.some((type) => matchesWildcards(wanted, type))) return;
  const known = suggestion(wanted, EVENT_TYPES) || `: there are ${EVENT_TYPES.join(', ')}`;
  throw new CliError('usage', `There are no events of the type "${wanted}"${known}.`);
}
