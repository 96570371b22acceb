import path from 'node:path';
import { AgentError } from './errors.js';

/** What {@link validateEmbdEtcd} looks at. */
export interface ValidatedOptions {
  readonly hostname: string;
  readonly prefix: string;
  readonly namespace: string;
  readonly clientUrls: readonly string[];
  readonly serverUrls: readonly string[];
}

/** @throws AgentError `invalid` for the first option that cannot work, with what it expects. */
export function validateEmbdEtcd(options: ValidatedOptions): void {
  validateHostname(options.hostname);
  if (!path.isAbsolute(options.prefix)) {
    throw new AgentError('invalid', `The prefix must be an absolute folder, not ${options.prefix}.`);
  }
  if (options.namespace.endsWith('/')) {
    throw new AgentError('invalid', `The namespace must not end in a slash, as ${options.namespace} does.`);
  }
  if (options.clientUrls.length === 0 || options.serverUrls.length === 0) {
    throw new AgentError('invalid', 'A server needs a client URL and a server URL to listen on.');
  }
  const shared = hostsAndPorts(options.clientUrls).find((host) =>
    hostsAndPorts(options.serverUrls).includes(host),
  );
  if (shared !== undefined) {
    throw new AgentError('invalid', `Clients and servers cannot share ${shared}: give them different ports.`);
  }
}

/** A hostname becomes part of keys and of comma-separated lists. */
export function validateHostname(hostname: string): void {
  if (!/^[^/,\s]+$/.test(hostname)) {
    throw new AgentError(
      'invalid',
      `The hostname must not be empty or hold a slash, comma or space, as "${hostname}" does.`,
    );
  }
}

function hostsAndPorts(urls: readonly string[]): string[] {
  return urls.map((url) => {
    if (!URL.canParse(url)) throw new AgentError('invalid', `${url} is no URL: write http://host:port.`);
    return new URL(url).host;
  });
}
