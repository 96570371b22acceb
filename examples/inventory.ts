/**
 * Keeps a list of what each host is: every machine that runs this writes its own value, and sees those of all others.
 *
 *     node inventory.js root@web1
 */
import { cpus, hostname, release, totalmem } from 'node:os';
import { SshWorld } from 'hawser';

const [ssh = 'root@web1', name = hostname(), seed = 'unix:///run/hawser/etcd.sock'] = process.argv.slice(2);

// The hostname decides whose value is written. By default it is the name of this machine.
await using world = await SshWorld.open({ ssh, seeds: [seed], hostname: name });

const memoryGb = Math.round(totalmem() / 1e9);
await world.strMapSet('inventory', JSON.stringify({ kernel: release(), cpus: cpus().length, memoryGb }));

// Values are texts that other programs wrote: they may hold anything. To be told of changes, use strMapFollow.
for (const [host, value] of await world.strMapGet('inventory')) console.log(`${host} ${value}`);
