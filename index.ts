/**
 * hawser: the World of a fleet, directly or through SSH, and the agent's etcd, with the types that their signatures
 * name. The parts have entry points of their own, which have more: `hawser/tunnel`, `hawser/world`, `hawser/agent`.
 */
export type * from './agent/index.js';
export { AgentError, EmbdEtcd } from './agent/index.js';
export type * from './tunnel/index.js';
export { TunnelError } from './tunnel/index.js';
export type * from './world/index.js';
export type { Log } from './world/index.js';
export { Client, EtcdWorld, SshWorld, WorldError } from './world/index.js';
