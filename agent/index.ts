/**
 * What runs on a host: an etcd server that joins and leaves a cluster, the host's presence in the World, and the
 * deploys that are applied to it.
 */
export { Converger, type Mover } from './converger.js';
export { EmbdEtcd, type EmbdEtcdOptions } from './embd-etcd.js';
export { AgentError, type AgentErrorCode } from './errors.js';
export { type AgentOptions, HostAgent } from './run.js';
