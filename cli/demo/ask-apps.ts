import { once } from 'node:events';
import { get } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Log } from '../../base/log.js';
import type { Fleet, Host } from '../../fixtures/index.js';
import { Tunnel } from '../../tunnel/index.js';
import type { FleetTarget } from '../fleet/merge-target.js';
import { tunnelOptions } from '../fleet/tunnel-options.js';

const APP_PORT = 8080;

export interface Answer {
  readonly host: string;
  readonly answer: string;
}

/** Asks the app on each host for its front page, through a tunnel to that very host. */
export async function askApps(
  fleet: Fleet,
  target: FleetTarget,
  log: Log,
  signal: AbortSignal,
): Promise<Answer[]> {
  return Promise.all(
    fleet.hosts.map(async (host) => {
      const options = await tunnelOptions({ ...target, sshUrls: [host.destination] }, log, signal);
      await using tunnel = await Tunnel.open(options, { signal });
      const forward = await tunnel.forward({ host: appAddress(fleet, host), port: APP_PORT }, { signal });
      return { host: host.name, answer: await frontPage(forward.address, signal) };
    }),
  );
}

/** Containers have a loopback of their own; plain processes share the machine's, so each has an address there. */
function appAddress(fleet: Fleet, host: Host): string {
  return fleet.backend === 'containers' ? '127.0.0.1' : host.address;
}

async function frontPage(address: string, signal: AbortSignal): Promise<string> {
  const request = get({ socketPath: address.replace('unix://', ''), path: '/', signal, agent: false });
  const [response] = await once(request, 'response');
  return (await text(response)).trim();
}
