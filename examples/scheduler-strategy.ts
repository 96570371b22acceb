/**
 * Lets the fleet choose hosts by a rule of one's own, here the one that has been there longest, and prints each decision. Run it
 * on several machines, then end the chosen one.
 *
 *     node scheduler-strategy.js root@web1 h1
 */
import { hostname } from 'node:os';
import { SshWorld } from 'hawser';
import type { Strategy } from 'hawser/world';

const [ssh = 'root@web1', name = hostname(), seed = 'unix:///run/hawser/etcd.sock'] = process.argv.slice(2);

const interrupt = new AbortController();
process.once('SIGINT', () => interrupt.abort());
const { signal } = interrupt;

/** A pure function: whoever is elected to decide must come to the same result. */
const oldest: Strategy = ({ candidates, maxCount }) =>
  [...candidates]
    .sort((one, other) => Number(one.since - other.since))
    .slice(0, maxCount)
    .map((candidate) => candidate.hostname);

await using world = await SshWorld.open({ ssh, seeds: [seed], hostname: name }, { signal });

// Each program that may be elected needs the strategy. Agents do not have it, so let these programs decide on a namespace of
// their own, in a fleet whose agents do not run.
world.registerStrategy('oldest', oldest);

for await (const { hosts } of world.scheduler('backup', { strategy: 'oldest', maxCount: 1, signal }))
  console.log(hosts.includes(name) ? 'it is us' : `it is ${hosts.join() || 'nobody'}`);
