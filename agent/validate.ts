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
    throw new AgentError('invalid', `the prefix must be an absolute folder, got ${options.prefix}`);
  }
  if (options.namespace.endsWith('/')) {
    throw new AgentError('invalid', `the namespace must not end in a slash, got ${options.namespace}`);
  }
  if (options.clientUrls.length === 0 || options.serverUrls.length === 0) {
    throw new AgentError('invalid', 'a server needs a client URL and a server URL to listen on');
  }
  const shared = hostsAndPorts(options.clientUrls).find((host) =>
    hostsAndPorts(options.serverUrls).includes(host),
  );
  if (shared !== undefined) {
    throw new AgentError('invalid', `clients and servers cannot share ${shared}: give them different ports`);
  }
}

/** A hostname becomes part of keys and of comma-separated lists. */
export function validateHostname(hostname: string): void {
  if (!/^[^/,\s]+$/.test(hostname)) {
    throw new AgentError(
      'invalid',
      `the hostname must not be empty or hold a slash, comma or space: "${hostname}"`,
    );
  }
}

function hostsAndPorts(urls: readonly string[]): string[] {
  return urls.map((url) => {
    if (!URL.canParse(url)) throw new AgentError('invalid', `not a URL: ${url} (expected http://host:port)`);
    return new URL(url).host;
  });
}
