import type { FleetEvent } from './fleet-event.js';

/** An event in a line for people. */
export function formatEvent({ revision, time, message }: FleetEvent): string {
  return `${time.slice(0, 19)}Z  ${revision}  ${message}`;
}
