/**
 * Fleets of real hosts for the tests of programs that use SSH or etcd: OpenSSH in containers or as plain processes,
 * etcd where agents run, and faults to inject. For any test runner.
 *
 * @module hawser/testing
 */
export {
  type BackendName,
  type CommandResult,
  type DiskFault,
  type EngineName,
  type EtcdVersion,
  type ExecOptions,
  type Faults,
  FleetError,
  type FleetErrorCode,
  type FleetSummary,
  type Host,
  type HostFacts,
  type HostKeyType,
  listFleets,
  removeDeadFleets,
} from '../fixtures/index.js';
export { attachFleet, prepareFleets, startFleet } from './start-fleet.js';
export type { HostOptions, NamedHostOptions, SshdOption, StartFleetOptions } from './start-options.js';
export { type FleetWorldOptions, type Ssh2Options, TestFleet } from './test-fleet.js';
