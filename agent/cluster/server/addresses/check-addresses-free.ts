import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { AgentError } from '../../../errors.js';
import { socketPath } from './server-addresses.js';

/**
 * Makes sure that a server can listen on these URLs, and removes the sockets of a killed one, which etcd 3.4 would
 * take for a running server. etcd reports a conflict only in its log, and another etcd on the same address could be
 * mistaken for this one.
 *
 * @throws AgentError `in-use` if another program listens there; `server-failed` if the address is not usable.
 */
export async function checkAddressesFree(urls: readonly string[], folder: string): Promise<void> {
  for (const url of urls) {
    if (url.startsWith('unix:')) await rm(socketPath(url, folder), { force: true });
    else await checkAddress(url);
  }
}

async function checkAddress(url: string): Promise<void> {
  const server = createServer((socket) => socket.destroy());
  try {
    await listenAt(server, url);
  } finally {
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
  }
}

/** Listens where etcd will listen. @throws AgentError as {@link checkAddressesFree} */
export async function listenAt(server: Server, url: string): Promise<void> {
  const { hostname, port } = new URL(url);
  // Go listens on IPv4 for `localhost`.
  const host = hostname === 'localhost' ? '127.0.0.1' : hostname.replace(/^\[(.*)\]$/, '$1');
  try {
    server.listen({ host, port: portOf(url, port), exclusive: true });
    await once(server, 'listening');
  } catch (error) {
    throw listenError(url, error);
  }
}

/** URL omits the default port of its scheme. */
function portOf(url: string, port: string): number {
  if (port !== '') return Number(port);
  return url.startsWith('https:') ? 443 : 80;
}

function listenError(url: string, error: unknown): AgentError {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') {
    return new AgentError(
      'in-use',
      `etcd cannot listen on ${url}: another program uses that address (ss -ltnp shows which). Stop it, or choose other --client-urls and --server-urls.`,
      { cause: error },
    );
  }
  const why = code === 'EADDRNOTAVAIL' ? 'this host has no such address' : message;
  return new AgentError('server-failed', `etcd cannot listen on ${url}: ${why}.`, { cause: error });
}
