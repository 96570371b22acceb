import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { z } from 'zod';
import type { Log } from '../../world/internal.js';
import { type AgentState, type ControlErrorCode, rebuildSchema, rejoinSchema } from './control-protocol.js';

const MAX_BODY_BYTES = 64 * 1024;

/** The actions that an agent performs on request. */
export interface ControlHandlers {
  /** Answers within about a second, whatever the server does. */
  state(): AgentState | Promise<AgentState>;
  /**
   * Restarts the server as a cluster of one, from its own data; resolves when it serves. Called only while the server
   * has no quorum.
   */
  rebuild(options: { readonly signal: AbortSignal }): Promise<void>;
  /**
   * Stops the server, moves its data aside and switches to these seeds; resolves when the data is aside. Called only
   * while the server has no quorum, unless a person decided that another cluster takes its place.
   */
  rejoin(seeds: readonly string[], options: { readonly signal: AbortSignal }): Promise<void>;
  /** Makes a snapshot the data of the server, as a cluster of one; resolves when it serves. */
  restore(snapshot: AsyncIterable<Uint8Array>, options: { readonly signal: AbortSignal }): Promise<void>;
}

const HTTP_STATUSES: Record<ControlErrorCode, number> = {
  invalid: 400,
  'has-quorum': 409,
  busy: 409,
  failed: 500,
};

class Refusal extends Error {
  readonly code: ControlErrorCode;

  constructor(code: ControlErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** The HTTP server of an agent's control socket: `GET /state`, `POST /rebuild`, `/rejoin` and `/restore`, and nothing else. */
export function controlServer(handlers: ControlHandlers, log: Log, signal: AbortSignal): Server {
  let isBusy = false;
  const change = async (
    what: string,
    act: () => Promise<void>,
    { leaves = false } = {},
  ): Promise<{ done: true }> => {
    if (isBusy) throw new Refusal('busy', 'This agent is still working on the previous request.');
    isBusy = true;
    try {
      const { hostname, server } = await handlers.state();
      if (!leaves && (server.state === 'voter' || server.state === 'learner')) {
        throw new Refusal(
          'has-quorum',
          `The etcd server of ${hostname} belongs to a cluster that has a quorum.`,
        );
      }
      log('warn', `${what} was requested through the control socket`);
      await act();
      return { done: true };
    } finally {
      isBusy = false;
    }
  };
  const answer = async (request: IncomingMessage): Promise<unknown> => {
    switch (`${request.method} ${request.url}`) {
      case 'GET /state':
        return handlers.state();
      case 'POST /rebuild':
        await read(request, rebuildSchema);
        return change('a rebuild as a cluster of one', () => handlers.rebuild({ signal }));
      case 'POST /rejoin': {
        const { seeds, leaves } = await read(request, rejoinSchema);
        const rejoin = () => handlers.rejoin(seeds, { signal });
        return change(`joining ${seeds.join(', ')} as a new member`, rejoin, { leaves });
      }
      case 'POST /restore':
        return change('a restore from a snapshot', () => handlers.restore(request, { signal }), {
          leaves: true,
        });
      default:
        throw new Refusal('invalid', `Unknown request: ${request.method} ${request.url}.`);
    }
  };
  const server = createServer((request, response) => {
    answer(request).then(
      (value) => reply(response, 200, value),
      (error: unknown) => replyError(response, error),
    );
  });
  // A snapshot may take longer over a slow line than the five minutes of Node.js.
  server.requestTimeout = 0;
  return server;
}

async function read<T>(request: IncomingMessage, schema: z.ZodType<T>): Promise<T> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes > MAX_BODY_BYTES) throw new Refusal('invalid', 'The request is too large.');
    chunks.push(chunk);
  }
  const { data, error } = schema.safeParse(parseJson(Buffer.concat(chunks).toString()));
  if (data !== undefined) return data;
  throw new Refusal(
    'invalid',
    `The request is invalid: ${error?.issues.map((issue) => issue.message).join('; ')}.`,
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The schema refuses undefined, with its own message.
    return undefined;
  }
}

function replyError(response: ServerResponse, error: unknown): void {
  const code = error instanceof Refusal ? error.code : 'failed';
  const message = error instanceof Error ? error.message : String(error);
  reply(response, HTTP_STATUSES[code], { error: { code, message } });
}

function reply(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
  response.end(JSON.stringify(value));
}
