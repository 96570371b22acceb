/**
 * What runs on a host: an etcd server that joins and leaves a cluster, the host's presence in the World, and the
 * deploys that are applied to it.
 *
 * For users: the elastic etcd of one host.
 *
 * @module hawser/agent
 */

export type { Log } from '../base/log.js';
export type { DeployStepTrace, DeployTrace } from '../base/trace.js';
export type {
  CertificateLife,
  ClientWorld,
  DiskRoom,
  EtcdUser,
  FleetIdentity,
  HostCertificate,
  HostHealth,
  TlsOptions,
} from '../world/internal.js';
export type { ServerTls, TlsFiles } from './cluster/server/etcd/etcd-arguments.js';
export type { ServerState } from './control/control-protocol.js';
export { EmbdEtcd } from './embd-etcd.js';
export { AgentError, type AgentErrorCode } from './errors.js';
export type { AgentFigures, ServerFigures } from './metrics/host-figures.js';
export type { EmbdEtcdOptions } from './options/embd-etcd-options.js';
export { Converger, type ConvergerUid } from './track-convergence.js';

/** For library authors: the whole agent, and the constants that the seed documents. */

export {
  DEFAULT_PREFIX,
  MAX_SERVER_CLOSE_TIMEOUT_MS,
  MAX_SERVER_RETRIES,
  MAX_SERVER_START_TIMEOUT_MS,
  SERVER_RETRY_WAIT_MS,
} from './constants.js';
export { type AgentOptions, HostAgent } from './host-agent.js';
