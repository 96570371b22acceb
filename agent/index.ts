/**
 * What runs on a host: an etcd server that joins and leaves a cluster, the host's presence in the World, and the
 * deploys that are applied to it.
 */

export type { ServerTls, TlsFiles } from './cluster/server/etcd/flags.js';
export {
  MAX_SERVER_CLOSE_TIMEOUT_MS,
  MAX_SERVER_RETRIES,
  MAX_SERVER_START_TIMEOUT_MS,
  SERVER_RETRY_WAIT_MS,
} from './constants.js';
export { Converger, type ConvergerUid } from './converger.js';
export { EmbdEtcd } from './embd-etcd.js';
export { AgentError, type AgentErrorCode } from './errors.js';
export { type AgentOptions, HostAgent } from './host-agent.js';
export type { EmbdEtcdOptions } from './options/options.js';
