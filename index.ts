/**
 * hawser: the World of a fleet, directly or through SSH, and the agent's etcd. The parts have entry points of their
 * own: `hawser/tunnel`, `hawser/world`, `hawser/agent`.
 */
export { AgentError, type AgentErrorCode, EmbdEtcd, type EmbdEtcdOptions } from './agent/index.js';
export { TunnelError, type TunnelErrorCode, type TunnelOptions } from './tunnel/index.js';
export {
  type Agent,
  type CallOptions,
  Client,
  EtcdWorld,
  type EtcdWorldOptions,
  type Log,
  type Member,
  type Report,
  type ReportState,
  SshWorld,
  type SshWorldOptions,
  type TreeUpload,
  type WatchOptions,
  type World,
  WorldError,
  type WorldErrorCode,
} from './world/index.js';
