import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { type Duplex, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { z } from 'zod';
import { timeLimit } from '../../base/abort.js';
import { ControlError } from './control-error.js';
import { type AgentState, agentStateSchema, controlErrorSchema, doneSchema } from './control-protocol.js';

interface ControlCall {
  /** Aborts the wait; the requested action may continue. */
  readonly signal?: AbortSignal;
  /** Default 10,000. */
  readonly timeoutMs?: number;
}

/** Opens one connection to a control socket. It is destroyed after the call. */
export type ConnectControl = (signal: AbortSignal) => Promise<Duplex>;

/** Talks to the agent behind a control socket, possibly through a tunnel. Every call uses a new connection. */
export class ControlClient {
  readonly #connect: ConnectControl;

  /** @param socket its path, at most 107 bytes; or a function that connects to it. */
  constructor(socket: string | ConnectControl) {
    this.#connect = typeof socket === 'string' ? async () => connect({ path: socket }) : socket;
  }

  /** @throws ControlError */
  state(call?: ControlCall): Promise<AgentState> {
    return this.#ask('GET', '/state', undefined, agentStateSchema, call);
  }

  /** Rebuilds the cluster as a cluster of one from that host's data; resolves when it serves. @throws ControlError */
  async rebuild(call?: ControlCall): Promise<void> {
    await this.#ask('POST', '/rebuild', {}, doneSchema, call);
  }

  /** Makes that host move its data aside and rejoin the cluster at the seeds. @throws ControlError */
  async rejoin(seeds: readonly string[], call?: ControlCall): Promise<void> {
    await this.#ask('POST', '/rejoin', { seeds }, doneSchema, call);
  }

  /** The same, also from a cluster that works: for one that takes its place. @throws ControlError */
  async leaveFor(seeds: readonly string[], call?: ControlCall): Promise<void> {
    await this.#ask('POST', '/rejoin', { seeds, leaves: true }, doneSchema, call);
  }

  /** Makes that host start a cluster of one from a snapshot; resolves when it serves. @throws ControlError */
  async restore(snapshot: AsyncIterable<Uint8Array>, call?: ControlCall): Promise<void> {
    await this.#ask('POST', '/restore', Readable.from(snapshot, { objectMode: false }), doneSchema, call);
  }

  async #ask<T>(
    method: string,
    path: string,
    body: unknown,
    schema: z.ZodType<T>,
    { signal, timeoutMs = 10_000 }: ControlCall = {},
  ): Promise<T> {
    signal?.throwIfAborted();
    const deadline = timeLimit(timeoutMs);
    const over = signal === undefined ? deadline : AbortSignal.any([signal, deadline]);
    let connection: Duplex | undefined;
    let answer: { readonly status: number | undefined; readonly body: string };
    try {
      const made = await this.#connect(over);
      connection = made;
      // Its errors also fail the request; later ones do not matter.
      made.on('error', () => undefined);
      const headers = { connection: 'close' };
      const sent = request({ createConnection: () => made, method, path, headers, signal: over });
      const answered = once(sent, 'response') as Promise<[IncomingMessage]>;
      // A host that refuses while it is still sent to answers all the same.
      if (body instanceof Readable) body.on('error', (error) => sent.destroy(error)).pipe(sent);
      else sent.end(body === undefined ? undefined : JSON.stringify(body));
      const [response] = await answered;
      answer = { status: response.statusCode, body: await text(response) };
    } catch (cause) {
      signal?.throwIfAborted();
      const why = deadline.aborted ? `no answer within ${timeoutMs / 1000} s` : (cause as Error).message;
      throw new ControlError('unreachable', `The agent did not answer: ${why}.`, { cause });
    } finally {
      connection?.destroy();
    }
    return understand(answer, schema);
  }
}

function understand<T>({ status, body }: { status: number | undefined; body: string }, schema: z.ZodType<T>) {
  const json = parseJson(body);
  if (status === 200) {
    const { data } = schema.safeParse(json);
    if (data !== undefined) return data;
  }
  const refused = controlErrorSchema.safeParse(json).data?.error;
  if (refused !== undefined) throw new ControlError(refused.code, refused.message);
  throw new ControlError(
    'unreachable',
    `What answered is not an agent of this version (HTTP ${status}): use the same hawser version on both ends.`,
  );
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    // Neither schema accepts undefined.
    return undefined;
  }
}
