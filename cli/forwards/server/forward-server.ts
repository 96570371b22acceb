import { mkdirSync, rmdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { pause } from '../../../base/abort.js';
import type { Log } from '../../../base/log.js';
import { packageVersion } from '../../../base/package-version.js';
import type { Forward } from '../../../tunnel/forward/forward.js';
import type { ChannelTarget } from '../../../tunnel/forward/forward-target.js';
import { formatDestination } from '../../../tunnel/parse-destination.js';
import type { Tunnel } from '../../../tunnel/tunnel.js';
import { parseEndpoint } from '../../../world/client/calls/parse-endpoint.js';
import type { ControlReply, ControlRequest, ForwardState } from '../control-protocol.js';
import { isOurSocket, listenPath } from '../forward-places.js';
import type { Route } from '../read-standing.js';
import type { ForwardSettings } from '../start-messages.js';
import type { Control } from './claim-control.js';
import type { TrustWatch } from './trust-watch.js';

/** How often it looks whether it is still trusted, found and used. */
const LOOK_EVERY_MS = 2_000;
const MOST_WAYS = 64;

interface ServerParts {
  readonly folder: string;
  readonly route: Route;
  readonly settings: ForwardSettings;
  readonly control: Control;
  readonly tunnel: Tunnel;
  readonly trust: TrustWatch;
  readonly log: Log;
  readonly end: (reason: string) => void;
}

/** Answers commands at the control socket, and opens ways to the seeds that they ask for. */
export class ForwardServer implements AsyncDisposable {
  readonly #parts: ServerParts;
  readonly #since = new Date();
  readonly #ways = new Map<string, Forward>();
  #opening: Promise<unknown> = Promise.resolve();
  #accepted = 0;
  #usedAt = performance.now();

  constructor(parts: ServerParts) {
    this.#parts = parts;
  }

  /** Opens the ways to the seeds of the start, then begins to answer. @throws TunnelError `forward-refused`, WorldError `invalid` */
  async begin(signal: AbortSignal): Promise<ForwardState> {
    const { control, route, end, tunnel } = this.#parts;
    for (const seed of route.target.seeds) await this.#wayTo(seed);
    signal.throwIfAborted();
    control.answerWith((request) => this.#answer(request));
    void this.#untilFailed(tunnel, signal).then((reason) => reason && end(reason));
    return this.#state();
  }

  /** Resolves when it was idle for too long, or the signal aborts. */
  async untilIdle(signal: AbortSignal): Promise<void> {
    const { settings, control, trust, end } = this.#parts;
    while (!signal.aborted) {
      await pause(LOOK_EVERY_MS, signal);
      const problem = await trust.problem();
      if (signal.aborted) return;
      if (problem !== undefined) return end(problem);
      if (!control.isThere()) return end('its control socket is gone');
      if (this.#idleMs() > settings.maxIdleMs) return end('nobody used it');
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#parts.control.hide();
    await Promise.allSettled([...this.#ways.values()].map((forward) => forward.close()));
    for (const seed of this.#ways.keys()) this.#removeFolderOf(seed);
  }

  /** A way with TLS has a directory of its own. */
  #removeFolderOf(seed: string): void {
    const { folder, route } = this.#parts;
    const own = path.dirname(listenPath(folder, route.key, seed));
    if (own === folder) return;
    try {
      rmdirSync(own);
    } catch {
      // Another forward is using it already.
    }
  }

  async #untilFailed(tunnel: Tunnel, signal: AbortSignal): Promise<string | undefined> {
    for await (const { status, reason } of tunnel.states({ signal }))
      if (status === 'failed') return reason?.message ?? 'SSH failed';
    return undefined;
  }

  async #answer(request: ControlRequest): Promise<ControlReply> {
    const { control, end } = this.#parts;
    if (request.do === 'look') return { state: this.#state() };
    if (request.do === 'stop') {
      control.hide();
      end('told to stop');
      return { isStopping: true };
    }
    try {
      return await this.#use(request);
    } catch (error) {
      return { refused: error instanceof Error ? error.message : String(error) };
    }
  }

  async #use({ key, seeds }: ControlRequest & { readonly do: 'use' }): Promise<ControlReply> {
    const { control, route, trust, end } = this.#parts;
    if (key !== route.key) return { refused: 'it was started with other settings' };
    const problem = await trust.problem();
    if (problem !== undefined) {
      control.hide();
      end(problem);
      return { refused: problem };
    }
    for (const seed of seeds) await this.#wayTo(seed);
    this.#usedAt = performance.now();
    return { state: this.#state(seeds) };
  }

  /** One after another, so that none is opened twice. */
  #wayTo(seed: string): Promise<Forward> {
    const opened = this.#opening.then(() => this.#openWay(seed));
    this.#opening = opened.catch(() => undefined);
    return opened;
  }

  async #openWay(seed: string): Promise<Forward> {
    const { folder, route, tunnel } = this.#parts;
    const known = this.#ways.get(seed);
    const socketPath = listenPath(folder, route.key, seed);
    if (known !== undefined && isOurSocket(socketPath)) return known;
    if (known === undefined && this.#ways.size >= MOST_WAYS) throw new Error('it has too many ways already');
    await known?.close();
    // Of a forward that died: no other one has this name while we have the control socket's.
    rmSync(socketPath, { force: true });
    mkdirSync(path.dirname(socketPath), { recursive: true, mode: 0o700 });
    const forward = await tunnel.forward(targetOfSeed(seed), { listen: { socketPath } });
    this.#ways.set(seed, forward);
    return forward;
  }

  #state(seeds: readonly string[] = [...this.#ways.keys()]): ForwardState {
    const { route, settings, tunnel } = this.#parts;
    const { status, via } = tunnel.state;
    return {
      key: route.key,
      label: settings.label,
      version: packageVersion(),
      pid: process.pid,
      via: via === undefined ? '' : formatDestination(via),
      status,
      since: this.#since.toISOString(),
      ways: seeds.flatMap((seed) => {
        const address = this.#ways.get(seed)?.address;
        return address === undefined ? [] : [{ seed, address }];
      }),
      connections: this.#connections(),
      idleMs: Math.round(this.#idleMs()),
      maxIdleMs: settings.maxIdleMs,
    };
  }

  #connections(): number {
    return [...this.#ways.values()].reduce((sum, { usage }) => sum + usage.open, 0);
  }

  #idleMs(): number {
    const accepted = [...this.#ways.values()].reduce((sum, { usage }) => sum + usage.accepted, 0);
    if (accepted !== this.#accepted || this.#connections() > 0) this.#usedAt = performance.now();
    this.#accepted = accepted;
    return performance.now() - this.#usedAt;
  }
}

/** Where a seed is for SSH. @throws WorldError `invalid` */
export function targetOfSeed(seed: string): ChannelTarget {
  const endpoint = parseEndpoint(seed);
  return endpoint.scheme === 'unix' ? { socketPath: endpoint.path } : endpoint;
}
