import type { Lines } from '../output/escaped-lines.js';
import { formatTable, lines } from '../output/print.js';
import type { ForwardState } from './control-protocol.js';
import { forwardId } from './forward-places.js';

/** A table of forwards, for people. */
export function formatForwards(states: readonly ForwardState[]): string | Lines {
  if (states.length === 0) return 'No forward runs in the background. Start one with "hawser forward start".';
  const rows = states.map((state) => [
    forwardId(state.key).slice(0, 8),
    state.label,
    state.via,
    state.status,
    String(state.connections),
    state.connections > 0 ? 'in use' : `in ${inWords(state.maxIdleMs - state.idleMs)}`,
  ]);
  const table = formatTable(['ID', 'FLEET', 'VIA', 'SSH', 'CONNECTIONS', 'ENDS'], rows);
  return lines([
    table,
    ...states.flatMap(({ ways }) => ways.map(({ seed, address }) => `${address} leads to ${seed}`)),
  ]);
}

/** What programs get of a forward. */
export function forwardToJson(state: ForwardState): Readonly<Record<string, unknown>> {
  const { label, via, status, pid, since, connections, ways, key } = state;
  return {
    ...{ id: forwardId(key), fleet: label, listen: ways[0]?.address ?? null, via, status, pid, since },
    ...{ connections, endsInMs: connections > 0 ? null : Math.max(0, state.maxIdleMs - state.idleMs) },
    forwards: ways,
  };
}

function inWords(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}
