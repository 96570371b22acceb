import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** A scrape takes a few milliseconds; whoever does not take the answer by then is cut off. */
const CONNECTION_MS = 10_000;
/** Prometheus needs one, `curl` another; more are only taken up to here. */
const MOST_CONNECTIONS = 16;
const MOST_HEADER_BYTES = 8 * 1024;
/** So many scrapers as there may be cost no more than one that asks this often. */
const FRESH_MS = 1_000;

const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * An HTTP server with one page, `GET /metrics`. The page is made when it is asked for, at most once a second.
 *
 * @param read makes the page
 * @param connectionMs how long a connection may take
 */
export function metricsServer(read: () => Promise<string>, connectionMs = CONNECTION_MS): Server {
  const page = sharedFor(FRESH_MS, read);
  const server = createServer({ maxHeaderSize: MOST_HEADER_BYTES }, (request, response) => {
    // A client that is gone is no trouble.
    answer(request, response, page).catch(() => response.destroy());
  });
  server.maxConnections = MOST_CONNECTIONS;
  server.headersTimeout = CONNECTION_MS;
  server.requestTimeout = CONNECTION_MS;
  server.on('connection', (socket: Socket) => {
    const late = setTimeout(() => socket.destroy(), connectionMs).unref();
    socket.once('close', () => clearTimeout(late));
  });
  return server;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  page: () => Promise<string>,
): Promise<void> {
  const { method = '', url = '', headers } = request;
  const say = (status: number, text: string, more: Record<string, string> = {}): void => {
    const body = method === 'HEAD' ? '' : text;
    const length = String(Buffer.byteLength(text));
    const head = {
      'content-type': 'text/plain; charset=utf-8',
      'content-length': length,
      connection: 'close',
    };
    response.writeHead(status, { ...head, ...more }).end(body);
  };
  // A web page that a person looks at can resolve its own name to this machine.
  if (!isLocalName(headers.host)) return say(403, 'This is only for clients on this machine.\n');
  if (url.split('?', 1)[0] !== '/metrics') return say(404, 'Not found: the metrics are at /metrics.\n');
  if (method !== 'GET' && method !== 'HEAD') return say(405, 'Use GET.\n', { allow: 'GET, HEAD' });
  try {
    say(200, await page(), { 'content-type': CONTENT_TYPE });
  } catch (error) {
    say(500, `${(error as Error).message}\n`);
  }
}

/** Whatever port it was forwarded from. Clients of a unix socket have no host to name. */
function isLocalName(host = ''): boolean {
  return /^(|localhost|[\d.]+|\[[\da-f:.]+\]|unix|hawser)(:\d+)?$/i.test(host);
}

/** Whoever asks within this time of the last answer, or while it is made, gets the same. */
function sharedFor(ms: number, make: () => Promise<string>): () => Promise<string> {
  let last: { readonly made: Promise<string>; readonly atMs: number } | undefined;
  return () => {
    if (last === undefined || performance.now() - last.atMs > ms) {
      last = { made: make(), atMs: performance.now() };
      last.made.catch(() => {
        last = undefined;
      });
    }
    return last.made;
  };
}
