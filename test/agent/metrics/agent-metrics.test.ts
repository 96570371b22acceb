import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { request } from 'node:http';
import { createServer } from 'node:net';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import test from 'ava';
import { freePort } from '../../../fixtures/fleet/free-port.js';
import { appFolder, deployTo, httpCheck } from '../helpers/app-folder.js';
import { LocalAgents } from '../helpers/local-agents.js';
import { parseMetrics, valuesOf } from './parse-metrics.js';

/** One scrape. */
async function scrape(where: { readonly socketPath: string } | { readonly port: number }) {
  const sent = request({ ...where, path: '/metrics', agent: false }).end();
  const [response] = await once(sent, 'response');
  return parseMetrics(await text(response));
}

test('an agent shows at its socket and its port what it is, what runs on it and what became of it', async (t) => {
  await using agents = await LocalAgents.create('3.5');
  const host = await agents.add('h1');
  const socketPath = path.join(agents.folder, 'metrics.sock');
  const [port, appPort] = [await freePort(), await freePort()];
  // Whoever has the port does not stop the agent.
  const other = createServer().listen(port, '127.0.0.1');
  await once(other, 'listening');
  host.start([], ['--metrics', `unix:${socketPath},127.0.0.1:${port}`]);
  await host.logged(
    /cannot serve metrics at http:\/\/127\.0\.0\.1:\d+\/metrics: .*EADDRINUSE.* Trying again\./,
  );
  await host.votes();
  await agents.registered('h1');
  t.is((await stat(socketPath)).mode & 0o777, 0o600);
  other.close();

  const folder = await appFolder(t, {
    ...{ name: 'shop', run: ['node', 'server.mjs', 'shop', String(appPort)], health: httpCheck(appPort) },
  });
  const deployed = await deployTo(host, folder);
  t.is(deployed.code, 0, deployed.stderr);
  await agents.eventually('its figures are complete', async () => {
    const samples = await scrape({ socketPath });
    return (
      valuesOf(samples, 'hawser_app_well', 'app')['shop'] === 1 &&
      valuesOf(samples, 'hawser_deploy_verdict', 'app', 'verdict')['shop healthy'] === 1
    );
  });
  const samples = await scrape({ socketPath });
  const single = (name: string) => valuesOf(samples, name)[''] ?? Number.NaN;
  t.like(valuesOf(samples, 'hawser_etcd_server_state', 'state'), { voter: 1, none: 0 });
  t.deepEqual(valuesOf(samples, 'hawser_etcd_members', 'role'), { voter: 1, learner: 0 });
  for (const name of ['registered', 'elected', 'converged']) t.is(single(`hawser_agent_${name}`), 1, name);
  t.true(single('hawser_etcd_db_size_bytes') > 1000);
  t.true(single('hawser_disk_free_bytes') > 0);
  t.true(single('hawser_last_report_timestamp_seconds') >= single('hawser_agent_start_time_seconds'));
  t.deepEqual(valuesOf(samples, 'hawser_app_deploy_id', 'app'), { shop: 1 });
  t.like(valuesOf(samples, 'hawser_app_process_state', 'process', 'state'), { 'main running': 1 });
  t.deepEqual(valuesOf(samples, 'hawser_app_process_healthy', 'process'), { main: 1 });
  t.like(valuesOf(samples, 'hawser_deploy_report_state', 'app', 'state'), { 'shop healthy': 1 });

  await host.logged(/metrics are served at http:\/\/127\.0\.0\.1/);
  t.is((await scrape({ port })).length, samples.length);
  await host.stop();
  await t.throwsAsync(stat(socketPath), { code: 'ENOENT' });
});

test('an address that others could reach is refused before anything starts', async (t) => {
  await using agents = await LocalAgents.create('3.5');
  const host = await agents.add('h1');
  host.start([], ['--metrics', '0.0.0.0:9633']);
  const { code } = await host.ended();
  t.not(code, 0);
  t.regex(host.log, /The address for metrics "0\.0\.0\.0:9633" is not on the loopback interface/);
});
