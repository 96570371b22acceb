import { hostname as machineName } from 'node:os';
import { type Endpoint, parseEndpoint } from './client/calls/parse-endpoint.js';
import { Client } from './client/client.js';
import { ClientWorld } from './client-world.js';
import { toPrefixes } from './fs/storage/file-system-prefixes.js';
import { DEFAULT_NAMESPACE } from './keys.js';
import { checkHostname } from './validate-names.js';
import { namesPrefixes, type WorldOptions } from './world-options.js';

/** An open forward to a seed. */
export interface SeedForward {
  /** As seen from the SSH host. */
  readonly seed: string;
  /** Its local end: `unix:///…`. */
  readonly address: string;
}

export interface ForwardedWorldOptions extends Omit<WorldOptions, 'seeds'> {
  /** One for each seed, the preferred one first. */
  readonly forwards: readonly SeedForward[];
  /** The SSH host that they go through, for errors. */
  readonly via: string;
}

/** The World over forwards that somebody else keeps open; closing it leaves them open. */
export class ForwardedWorld extends ClientWorld {
  /**
   * Makes a World that connects at the first call.
   * @throws WorldError `invalid` for a seed, hostname, prefix or certificate file that is not valid.
   */
  static create(options: ForwardedWorldOptions): ForwardedWorld {
    const { forwards, via, namespace = DEFAULT_NAMESPACE, tls, user, fleet, log } = options;
    const { hostname = machineName() } = options;
    checkHostname(hostname);
    if (namesPrefixes(options)) toPrefixes(options);
    const seeds = new Map(forwards.map(({ seed, address }) => [address, seed]));
    const dialling = {
      describe: (address: string) => ({ name: `${seeds.get(address) ?? address} through ${via}` }),
      secureHost: (address: string) => hostOf(seeds.get(address)),
    };
    const endpoints = forwards.map(({ address }) => address);
    const client = Client.create({ endpoints, namespace, tls, user, fleet, log, dialling });
    return new ForwardedWorld(client, hostname, log, options);
  }
}

/** Whose certificate a seed has to show. */
function hostOf(seed: string | undefined): string | undefined {
  const endpoint: Endpoint | undefined = seed === undefined ? undefined : parseEndpoint(seed);
  return endpoint?.scheme === 'https' ? endpoint.host : undefined;
}
