/**
 * Prints a string of the fleet now and whenever it changes, until Ctrl-C.
 *
 *     node watch-string.js root@web1 motd
 */
import { SshWorld } from 'hawser';

const [ssh = 'root@web1', key = 'motd', seed = 'unix:///run/hawser/etcd.sock'] = process.argv.slice(2);

const interrupt = new AbortController();
process.once('SIGINT', () => interrupt.abort());
const { signal } = interrupt;

await using world = await SshWorld.open({ ssh, seeds: [seed] }, { signal });

for await (const value of world.strFollow(key, { signal })) console.log(value ?? '(none)');
