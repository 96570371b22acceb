import { InvalidArgumentError } from 'commander';
import type { FleetIdentity } from '../../world/fleet/identity-codec.js';
import { parseFleetId } from '../../world/fleet/identity-codec.js';
import { parseDuration } from './parse-duration.js';

// Parsers for commander: each gets the text of an argument or option and, for a repeated option, the earlier result.

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
};

/** Sizes in bytes: `2147483648`, `2GiB`, `500MB`. */
export function byteSize(text: string): number {
  const [, digits = '', unit = ''] = /^([1-9]\d*) ?([a-z]*)$/i.exec(text) ?? [];
  const bytes = Number(digits) * (UNITS[unit.toLowerCase()] ?? Number.NaN);
  if (digits !== '' && Number.isSafeInteger(bytes)) return bytes;
  throw new InvalidArgumentError('Write a size such as 2147483648, 2GiB or 500MB.');
}

export function countFromZero(text: string): number {
  if (!/^(0|[1-9]\d*)$/.test(text)) throw new InvalidArgumentError('Write a whole number of at least 0.');
  return Number(text);
}

export function wholeNumber(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError('Write a whole number of at least 1.');
  return Number(text);
}

export function collect(value: string, previous: string[] = []): string[] {
  return [...previous, value];
}

/** Milliseconds, written `500ms`, `5s` or `2m`. */
export function duration(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new InvalidArgumentError('Write a duration such as 500ms, 5s or 2m.');
  return ms;
}

/** The identity of a fleet. */
export function fleetId(text: string): FleetIdentity {
  const fleet = parseFleetId(text);
  if (fleet === undefined) throw new InvalidArgumentError('Write the UUID of a fleet.');
  return fleet;
}

/** Lists may be repeated flags, comma-separated, or both. */
export function collectList(value: string, previous: string[] = []): string[] {
  return value.split(',').reduce((list, item) => collect(item.trim(), list), previous);
}

/** An address to listen at, on loopback only. */
export function hostAndPort(text: string): { host: string; port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535)
    throw new InvalidArgumentError('Write host:port, such as 127.0.0.1:2379.');
  const host = match[1] ?? match[2] ?? '';
  if (host !== 'localhost' && host !== '::1' && !host.startsWith('127.')) {
    throw new InvalidArgumentError(
      'Only loopback addresses are allowed: any other would expose the fleet to the network.',
    );
  }
  return { host, port };
}

/** Whole seconds, rounded up, written as a duration from 1 s. */
export function ttlSeconds(text: string): number {
  const seconds = Math.ceil(duration(text) / 1000);
  if (seconds < 1) throw new InvalidArgumentError('Write a duration of at least 1s, such as 60s or 10m.');
  return seconds;
}

/** Labels of a host: `zone=north`, repeated. */
export function collectLabel(
  text: string,
  previous: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const [, key, value = ''] = /^([^=\s]+)=(.*)$/s.exec(text) ?? [];
  if (key === undefined) throw new InvalidArgumentError('Write KEY=VALUE, such as zone=north.');
  return { ...previous, [key]: value };
}

export function amount(text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!Number.isFinite(value) || value < 0) throw new InvalidArgumentError('Write a number of at least 0.');
  return value;
}
