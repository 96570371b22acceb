import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { freePort } from '../../../fixtures/fleet/free-port.js';
import type { EtcdVersion } from '../../../fixtures/fleet/install/etcd-binary.js';
import type { LocalAgent } from './local-agent.js';
import { LocalAgents } from './local-agents.js';

const sizeKey = '/_mgmt/chooser/dynamicsize/idealclustersize';
/** What the smoke test of the seed uses, with the defaults that it leaves out. */
const literalPorts = [2379, 2380, 2381, 2382, 2383, 2384, 2385, 2386, 2387, 2388];

/**
 * The smoke test of the seed as it stands in its documentation, with `hawser run` for `./mgmt run` and without its
 * `--no-pgp` and `empty`, which are mgmt's own. The first host is told to make the cluster, and where it listens.
 */
export function testSmoke(version: EtcdVersion, { literally = false } = {}): void {
  test.serial(`the seed's smoke test shows three members, then five, on etcd ${version}`, async (t) => {
    const isLiteral = literally && (await areFree(literalPorts));
    t.log(isLiteral ? 'on the ports of the seed' : 'on free ports');
    const ports = isLiteral ? literalPorts : await Promise.all(literalPorts.map(() => freePort()));
    const urlOf = (port: number) => `http://127.0.0.1:${ports[literalPorts.indexOf(port)]}`;
    const temporary = await mkdtemp(path.join(tmpdir(), 'hawser-smoke-'));
    t.teardown(() => rm(temporary, { recursive: true, force: true }));
    await using agents = await LocalAgents.create(version);

    const run = async (name: string, client: number, server: number, flags: readonly string[]) => {
      const agent = await agents.add(name, { clientUrl: urlOf(client), serverUrl: urlOf(server) });
      await mkdir(path.join(temporary, name));
      agent.run(['--tmp-prefix', '--hostname', name, ...flags], { TMPDIR: path.join(temporary, name) });
      return agent;
    };
    const join = (name: string, client: number, server: number) => {
      const urls = [`--client-urls=${urlOf(client)}`, `--server-urls=${urlOf(server)}`];
      return run(name, client, server, [`--seeds=${urlOf(2379)}`, ...urls]);
    };
    const urlsOfFirst = [`--client-urls=${urlOf(2379)}`, `--server-urls=${urlOf(2380)}`];
    const h1 = await run('h1', 2379, 2380, ['--new-cluster', ...urlsOfFirst]);
    const h2 = await join('h2', 2381, 2382);
    await join('h3', 2383, 2384);
    await agents.voting('h1', 'h2', 'h3');
    await agents.etcdctl(h1, 'put', sizeKey, '3');
    const h4 = await join('h4', 2385, 2386);
    const h5 = await join('h5', 2387, 2388);
    await agents.registered('h4', 'h5');
    await agents.voting('h1', 'h2', 'h3');
    t.is((await memberLines(agents, h1)).length, 3, 'h4 and h5 find the places taken');
    await agents.etcdctl(h2, 'put', sizeKey, '5');
    await agents.voting('h1', 'h2', 'h3', 'h4', 'h5');
    const lines = await memberLines(agents, h2);
    t.is(lines.length, 5);
    t.true(lines.every((line) => / started, .* false$/.test(line)));

    const ends = await Promise.all(agents.agents.map((agent) => agent.stop()));
    t.deepEqual(
      ends.map(({ code }) => code),
      [0, 0, 0, 0, 0],
      'all end in order at once',
    );
    await Promise.all(agents.agents.map((agent) => agent.gone()));
    for (const { name } of [h1, h2, h4, h5]) t.deepEqual(await readdir(path.join(temporary, name)), []);
  });
}

async function memberLines(agents: LocalAgents, at: LocalAgent): Promise<string[]> {
  return (await agents.etcdctl(at, 'member', 'list')).trim().split('\n');
}

async function areFree(ports: readonly number[]): Promise<boolean> {
  const answers = await Promise.all(ports.map(isFree));
  return answers.every((answer) => answer);
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
