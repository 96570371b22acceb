/** Holds a tunnel with one forward until its standard input ends. Prints the forward's address. */
import { once } from 'node:events';
import { Tunnel } from '../../../tunnel/index.js';
import type { HeldTunnelTask } from '../tunnel/held-tunnel.js';

const task: HeldTunnelTask = JSON.parse(process.argv[2] ?? '{}');
await using tunnel = await Tunnel.open(task.options);
const { address } = await tunnel.forward(task.target);
process.stdout.write(`${address}\n`);
process.stdin.resume();
await once(process.stdin, 'end');
