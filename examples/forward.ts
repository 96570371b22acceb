/**
 * Runs a command, such as etcdctl, with a forward to the etcd of an SSH host.
 *
 *     node forward.js root@web1 /run/hawser/etcd.sock etcdctl member list
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Tunnel } from 'hawser/tunnel';

const [ssh = 'root@web1', socketPath = '/run/hawser/etcd.sock', command = 'etcdctl', ...args] =
  process.argv.slice(2);

await using tunnel = await Tunnel.open({ destinations: [ssh] });

// A private unix socket that only this user can connect to. It survives lost SSH connections.
await using forward = await tunnel.forward({ socketPath });

const env = { ...process.env, ETCDCTL_API: '3', ETCDCTL_ENDPOINTS: forward.address };
const child = spawn(command, args, { env, stdio: 'inherit' });
const [code] = await once(child, 'exit');
process.exitCode = code ?? 1;
