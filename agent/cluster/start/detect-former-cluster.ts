import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import { createServer as createTlsServer, request as requestOverTls } from 'node:https';
import { json } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { timeLimit } from '../../../base/abort.js';
import { AgentError } from '../../errors.js';
import { listenAt } from '../server/addresses/check-addresses-free.js';
import type { TlsFiles } from '../server/etcd/etcd-arguments.js';

/** Members dial the address of an absent member ten times per second. */
const LISTEN_MS = 300;
const ASK_MS = 1_000;

/** A cluster that expects a server at one of this host's addresses. */
export interface DetectedCluster {
  /** Decimal. */
  readonly clusterId: string;
  /** Of the member that connected. */
  readonly peerUrls: readonly string[];
  /** Client URLs to use as seeds: of the members other than this host's; empty if that member does not list any. */
  readonly clientUrls: readonly string[];
}

export interface ListenOptions {
  readonly signal: AbortSignal;
  /** Without it, `https://` URLs are not listened on. */
  readonly peerTls?: TlsFiles | undefined;
  /** Default 300. */
  readonly listenMs?: number;
}

/**
 * Listens on the server URLs before the first server of a new cluster starts there, and returns the cluster whose
 * members connect: they know a server at this address, so this host has lost its data, and a new cluster would be a
 * second one. Undefined if none connects. Rejects with the signal's reason.
 *
 * @throws AgentError `in-use` if another program listens there.
 */
export async function detectCluster(
  serverUrls: readonly string[],
  options: ListenOptions,
): Promise<DetectedCluster | undefined> {
  const { signal, peerTls } = options;
  const material = peerTls === undefined ? undefined : await readMaterial(peerTls);
  const over = new AbortController();
  let detected: DetectedCluster | undefined;
  const servers: Server[] = [];
  try {
    for (const url of serverUrls.filter((one) => /^https?:/.test(one))) {
      const server = listenerFor(url, material);
      server.on('request', (incoming, answer) => {
        detected ??= parseRaftRequest(incoming);
        // Members take this answer for "not now"; another could tell them that this member was removed.
        answer.writeHead(503, { connection: 'close' }).end();
        if (detected !== undefined) over.abort();
      });
      servers.push(server);
      await listenAt(server, url);
    }
    await delay(options.listenMs ?? LISTEN_MS, undefined, { signal: AbortSignal.any([signal, over.signal]) });
  } catch (error) {
    signal.throwIfAborted();
    if (!over.signal.aborted) throw error;
  } finally {
    await Promise.all(servers.map(close));
  }
  if (detected === undefined) return undefined;
  return { ...detected, clientUrls: await askClientUrls(detected, serverUrls, material) };
}

/**
 * Refuses to start the first server of a new cluster if {@link detectCluster} finds one.
 *
 * @throws AgentError `other-cluster` if a cluster expects a server of this host, which has lost its data; `in-use`.
 */
export async function refuseSecondCluster(
  hostname: string,
  serverUrls: readonly string[],
  options: ListenOptions,
): Promise<void> {
  const detected = await detectCluster(serverUrls, options);
  if (detected === undefined) return;
  const seeds =
    detected.clientUrls.length > 0 ? detected.clientUrls.join(',') : 'the client URL of one of them';
  throw new AgentError(
    'other-cluster',
    `The servers at ${detected.peerUrls.join(', ')} expect a member of their cluster at this address, but ${hostname} has ` +
      `no data of it. A new cluster would conflict with theirs: start this host with --seeds ${seeds} to rejoin it.`,
  );
}

interface Material {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly ca?: Buffer;
}

async function readMaterial({ certFile, keyFile, trustedCaFile }: TlsFiles): Promise<Material> {
  const [cert, key, ca] = await Promise.all(
    [certFile, keyFile, trustedCaFile].map((file) => (file === undefined ? undefined : readFile(file))),
  );
  return { cert: cert ?? Buffer.of(), key: key ?? Buffer.of(), ...(ca === undefined ? {} : { ca }) };
}

function listenerFor(url: string, material: Material | undefined): Server {
  if (!url.startsWith('https:') || material === undefined) return createServer();
  const known = material.ca !== undefined;
  return createTlsServer({ ...material, requestCert: known, rejectUnauthorized: known });
}

/** Reads the identity that a member sends when it connects to another. */
function parseRaftRequest({ url = '', headers }: IncomingMessage): DetectedCluster | undefined {
  const clusterId = headers['x-etcd-cluster-id'];
  if (!url.startsWith('/raft') || typeof clusterId !== 'string' || !/^[0-9a-f]{1,16}$/i.test(clusterId))
    return undefined;
  const peerUrls = String(headers['x-peerurls'] ?? '').split(',');
  return { clusterId: String(BigInt(`0x${clusterId}`)), peerUrls: peerUrls.filter(isWebUrl), clientUrls: [] };
}

function isWebUrl(url: string): boolean {
  return /^https?:\/\/[^\s,]+$/.test(url) && URL.canParse(url);
}

const membersSchema = z.array(
  z.object({ peerURLs: z.array(z.string()), clientURLs: z.array(z.string()).default([]) }),
);

/** A member tells its peers, and anyone who connects as one, the cluster's client URLs. */
async function askClientUrls(
  { peerUrls }: DetectedCluster,
  serverUrls: readonly string[],
  material: Material | undefined,
): Promise<readonly string[]> {
  for (const url of peerUrls) {
    try {
      const members = membersSchema.parse(await getJson(`${url}/members`, material));
      const others = members.filter(({ peerURLs }) => !peerURLs.some((own) => serverUrls.includes(own)));
      return others.flatMap(({ clientURLs }) => clientURLs).filter(isWebUrl);
    } catch {
      // This only improves the message: try the next URL, or none.
    }
  }
  return [];
}

async function getJson(url: string, material: Material | undefined): Promise<unknown> {
  const signal = timeLimit(ASK_MS);
  const secure = url.startsWith('https:');
  return new Promise((resolve, reject) => {
    const options = { signal, agent: false, ...(secure ? material : {}) } as const;
    const asked = secure ? requestOverTls(url, options) : request(url, options);
    asked.on('response', (response) => json(response).then(resolve, reject));
    asked.on('error', reject);
    asked.end();
  });
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  if (!server.listening) return;
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
}
