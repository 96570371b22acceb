/**
 * Runs the agent of a host inside this program: an etcd server that takes part in the fleet's cluster, and the deploys
 * that the fleet gets. Stops in order on Ctrl-C.
 *
 *     node embed-agent.js /var/lib/my-program
 */
import { HostAgent } from 'hawser/agent';

const [prefix = '/var/lib/my-program'] = process.argv.slice(2);

const interrupt = new AbortController();
process.once('SIGINT', () => interrupt.abort());

const agent = new HostAgent({
  prefix,
  // The first host of a fleet. The others have `seeds` instead: the client URLs of hosts that run already. By default only
  // this user can connect, at `etcd.sock` in the prefix; with addresses in `clientUrls`, other hosts can join.
  newCluster: true,
  log: (level, message) => console.log(level, message),
});
await agent.run(interrupt.signal);
