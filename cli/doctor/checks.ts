import { type AnyCheck, toAnyCheck } from './check.js';
import { agent } from './checks/agent.js';
import { banner } from './checks/banner.js';
import { clock } from './checks/clock.js';
import { commands } from './checks/commands.js';
import { disk } from './checks/disk.js';
import { etcd } from './checks/etcd.js';
import { fleet } from './checks/fleet.js';
import { forwarding } from './checks/forwarding.js';
import { hostKey } from './checks/host-key.js';
import { keyExchange } from './checks/key-exchange.js';
import { login } from './checks/login.js';
import { nameLookup } from './checks/name-lookup.js';
import { service } from './checks/service.js';
import { socket } from './checks/socket.js';
import { tcp } from './checks/tcp.js';
import { version } from './checks/version.js';

/** In the order of the walk: what is wrong further up is often why something further down is. */
export const CHECKS: readonly AnyCheck[] = [
  toAnyCheck(nameLookup),
  toAnyCheck(tcp),
  toAnyCheck(banner),
  toAnyCheck(keyExchange),
  toAnyCheck(hostKey),
  toAnyCheck(login),
  toAnyCheck(commands),
  toAnyCheck(disk),
  toAnyCheck(clock),
  toAnyCheck(service),
  toAnyCheck(socket),
  toAnyCheck(forwarding),
  toAnyCheck(etcd),
  toAnyCheck(fleet),
  toAnyCheck(agent),
  toAnyCheck(version),
];
