import path from 'node:path';
import { CliError } from '../../errors.js';
import { type ConnectionConfig, present, toConnectionConfig } from '../connection-schema.js';
import { describeYamlProblems } from '../describe-yaml-problems.js';
import { readYamlText, type YamlText } from '../yaml-document.js';
import { type Fleet, type FleetHost, NAME } from './fleet.js';
import { fleetSchema, type HostKeys, knownKeysAt, reachingSchema } from './fleet-file-schema.js';

/** What a fleet file says. */
export interface FleetFileContent {
  readonly fleet: Fleet;
  /** How the fleet is reached. */
  readonly connection: ConnectionConfig;
}

/**
 * Reads the content of a fleet file: one with the hosts of a fleet, or one that only says how a fleet is reached.
 *
 * @param file its absolute path, which also names the fleet where the content does not
 * @throws CliError `usage` naming the file, and line and key of each mistake
 */
export function parseFleetFile(content: Buffer | string, file: string): FleetFileContent {
  const { value, placeOf } = readYamlText(file, content);
  return isReaching(value) ? readReaching(value, file, placeOf) : readFleetKeys(value ?? {}, file, placeOf);
}

/** A person's own fleets are found by the names of their files. @throws CliError `usage` for another name in the file */
export function requireNameOfFile({ name, file }: Fleet): void {
  const expected = nameByFile(file);
  if (name !== expected)
    throw invalid(file, [`name: expected ${expected}, the name of the file, got ${name}`]);
}

function nameByFile(file: string): string {
  return path.basename(file).replace(/\.ya?ml$/, '');
}

function isReaching(value: unknown): boolean {
  const { hosts, ...keys } = Object(value) as Readonly<Record<string, unknown>>;
  return hosts === undefined && ['ssh-url', 'ssh-hostkey', 'ssh-hosts'].some((key) => key in keys);
}

function readReaching(value: unknown, file: string, placeOf: YamlText['placeOf']): FleetFileContent {
  const parsed = reachingSchema.safeParse(value);
  if (!parsed.success) throw invalid(file, describeYamlProblems(parsed.error, value, knownKeysAt, placeOf));
  return { fleet: toFleet(parsed.data, [], file), connection: toConnectionConfig(parsed.data) };
}

function readFleetKeys(value: unknown, file: string, placeOf: YamlText['placeOf']): FleetFileContent {
  const parsed = fleetSchema.safeParse(value);
  if (!parsed.success) throw invalid(file, describeYamlProblems(parsed.error, value, knownKeysAt, placeOf));
  const { hosts, 'ssh-url': _url, 'ssh-hostkey': _key, ...keys } = parsed.data;
  const fleet = toFleet(keys, Object.entries(hosts ?? {}).map(toHost), file);
  if (!NAME.test(fleet.name)) {
    throw invalid(file, ['name: expected the name of the fleet, because that of the file cannot be one']);
  }
  const connection = {
    ...toConnectionConfig(keys),
    fleetHosts: fleet.hosts,
    jumpKeys: fleet.knownHosts,
  };
  return { fleet, connection };
}

interface OwnKeys {
  readonly name?: string | undefined;
  readonly namespace?: string | undefined;
  readonly 'fleet-id'?: { readonly uuid: string; readonly generation: number } | undefined;
  readonly 'cluster-size'?: number | undefined;
  readonly 'known-hosts'?: readonly string[] | undefined;
  readonly authority?: string | undefined;
}

function toFleet(keys: OwnKeys, hosts: readonly FleetHost[], file: string): Fleet {
  const { name = nameByFile(file), namespace, 'cluster-size': clusterSize, authority } = keys;
  const { 'fleet-id': id, 'known-hosts': knownHosts = [] } = keys;
  const uuid = id && (id.generation === 1 ? id.uuid : `${id.uuid}/${id.generation}`);
  return { name, file, hosts, knownHosts, ...present({ id: uuid, namespace, clusterSize, authority }) };
}

function toHost([name, keys]: readonly [name: string, keys: HostKeys]): FleetHost {
  const { ssh, 'host-key': hostKeys = [], labels = {}, 'age-recipient': ageRecipient, ...optional } = keys;
  return { name, ssh, hostKeys, labels, ...present({ ...optional, ageRecipient }) };
}

function invalid(file: string, problems: readonly string[]): CliError {
  return new CliError('usage', `${file} is invalid: ${problems.join('; ')}.`);
}
