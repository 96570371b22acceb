import { formatHostPort } from '../../../base/format-host-port.js';
import { WorldError } from '../../errors.js';
import { createHost, type Host } from '../internals/etcd3.js';
import type { ChannelOptions } from '../internals/grpc-js.js';
import { Login } from '../login.js';
import type { TlsFailure } from '../tls/explain-tls-error.js';
import { Certificates } from '../tls/reload-certificates.js';
import { TlsCredentials } from '../tls/tls-credentials.js';
import { type Endpoint, formatEndpoint, parseEndpoint } from './parse-endpoint.js';

const AVOID_MS = 1000;

/** How errors describe an endpoint. */
export interface EndpointDescription {
  readonly name: string;
  /** A sentence on why it cannot be reached now, where more is known than gRPC reports. */
  readonly reason?: string | undefined;
}

/** Describes an endpoint by its URL, for endpoints that are only the local end of a forward. */
export type DescribeEndpoint = (url: string) => EndpointDescription;

/** How a client dials and names its endpoints. */
export interface Dialling {
  /** Default: their URL. */
  readonly describe?: DescribeEndpoint | undefined;
  /** Used for `https://` endpoints and for those with a `secureHost`. */
  readonly certificates: Certificates;
  /**
   * Opens further ways to the endpoints, over connections of their own, and names the endpoints of each as soon as it is open.
   * Never fails. Default: there are none.
   */
  readonly moreWays?: ((onOpen: (endpoints: readonly string[]) => void) => void) | undefined;
  /** Default: no user. */
  readonly login?: Login | undefined;
  /** For the local end of a forward to a TLS server: the host whose certificate is verified. */
  readonly secureHost?: ((url: string) => string | undefined) | undefined;
}

/** One endpoint with its gRPC connections, which are opened by the first call. */
export interface EndpointConnection {
  readonly url: string;
  readonly describe: () => EndpointDescription;
  readonly host: Host;
  /** The login shared by all endpoints of the cluster. */
  readonly login: Login;
  /** The TLS failure behind a failed call's details, if that was the cause. */
  readonly tlsFailure: (details: string) => TlsFailure | undefined;
  /** Aborts when the endpoint is removed from the set, to end its streams. */
  readonly removed: AbortSignal;
  /** Other endpoints are preferred until then (monotonic ms). */
  avoidUntil: number;
  /** What shows that the connection and its server are alive, for streams on it that have nothing to say. */
  proof: ConnectionProof;
}

/** Monotonic ms. */
export interface ConnectionProof {
  /** When the server answered last. */
  readonly atMs: number;
  /** When it will have been asked again, and have answered. */
  readonly untilMs: number;
}

const CHANNEL_OPTIONS: ChannelOptions = {
  'grpc-node.flow_control_window': 8 << 20,
  'grpc.max_receive_message_length': -1,
  'grpc.max_send_message_length': -1,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 500,
  'grpc.enable_http_proxy': 0,
  'grpc.service_config_disable_resolution': 1,
};

/**
 * The endpoints of one cluster over one lane. Calls stay with one endpoint until it fails, then move to the next. Each
 * lane has its own HTTP/2 connection, so that bulk transfers never delay small calls.
 */
export class EndpointSet {
  readonly #lane: string;
  readonly #dialling: Dialling;
  readonly #login: Login;
  readonly #removals = new WeakMap<EndpointConnection, AbortController>();
  #connections: readonly EndpointConnection[];
  #current = 0;

  /** @throws WorldError `invalid` for a malformed endpoint, or if there is none. */
  constructor(
    endpoints: readonly string[],
    lane: string,
    dialling: Dialling = { certificates: new Certificates() },
  ) {
    this.#lane = lane;
    this.#dialling = dialling;
    this.#login = dialling.login ?? new Login();
    this.#connections = this.#connect(endpoints, []);
  }

  get connections(): readonly EndpointConnection[] {
    return this.#connections;
  }

  /** The endpoint for the next call: the current one, or the next that has not failed recently. */
  pick(): EndpointConnection {
    const now = performance.now();
    for (let step = 0; step < this.#connections.length; step += 1) {
      const index = (this.#current + step) % this.#connections.length;
      const connection = this.#connections[index];
      if (connection !== undefined && connection.avoidUntil <= now) {
        this.#current = index;
        return connection;
      }
    }
    const [soonest] = [...this.#connections].sort((a, b) => a.avoidUntil - b.avoidUntil);
    if (soonest === undefined) throw new WorldError('closed', 'The etcd client was closed.');
    return soonest;
  }

  /** Prefers other endpoints for a while; with `reconnect` the next call here opens a new connection. */
  avoid(connection: EndpointConnection, { reconnect = false, ms = AVOID_MS } = {}): void {
    connection.avoidUntil = performance.now() + ms;
    if (reconnect) connection.host.resetAllServices();
  }

  /** Switches to these endpoints; those already in use keep their connections. */
  replace(endpoints: readonly string[]): void {
    const before = this.#connections;
    this.#connections = this.#connect(endpoints, before);
    this.#current = 0;
    for (const connection of before) if (!this.#connections.includes(connection)) this.#drop(connection);
  }

  /** A set of one endpoint, dialled like this set's; if it is one of them, over the same connection. */
  alone(endpoint: string): EndpointSet {
    return new EndpointSet([endpoint], this.#lane, this.#dialling);
  }

  close(): void {
    for (const connection of this.#connections) this.#drop(connection);
    this.#connections = [];
  }

  /** Calls in flight continue until they are answered; streams end. */
  #drop(connection: EndpointConnection): void {
    connection.host.close();
    this.#removals.get(connection)?.abort();
  }

  #connect(
    endpoints: readonly string[],
    existing: readonly EndpointConnection[],
  ): readonly EndpointConnection[] {
    const parsed = new Map(
      endpoints.map(parseEndpoint).map((endpoint) => [formatEndpoint(endpoint), endpoint]),
    );
    if (parsed.size === 0) throw new WorldError('invalid', 'No etcd endpoint was given.');
    return [...parsed].map(([url, endpoint]) => {
      return existing.find((connection) => connection.url === url) ?? this.#toConnection(url, endpoint);
    });
  }

  #toConnection(url: string, endpoint: Endpoint): EndpointConnection {
    const removal = new AbortController();
    const { certificates, describe = (name: string) => ({ name }) } = this.#dialling;
    const connection = {
      url,
      describe: () => describe(url),
      tlsFailure: (details: string) => certificates.findFailure(details),
      host: this.#host(url, endpoint),
      login: this.#login,
      removed: removal.signal,
      avoidUntil: 0,
      proof: { atMs: 0, untilMs: 0 },
    };
    this.#removals.set(connection, removal);
    return connection;
  }

  #host(url: string, endpoint: Endpoint): Host {
    const { certificates, secureHost } = this.#dialling;
    const host = secureHost?.(url) ?? (endpoint.scheme === 'https' ? endpoint.host : undefined);
    // Channels with equal options share a connection: an option unknown to grpc-js keeps the lanes apart.
    const options = { ...CHANNEL_OPTIONS, 'hawser.lane': this.#lane };
    const credentials = host === undefined ? undefined : new TlsCredentials(certificates, host);
    return createHost(target(endpoint), credentials, options);
  }
}

function target(endpoint: Endpoint): string {
  if (endpoint.scheme === 'unix') return `unix://${endpoint.path}`;
  return formatHostPort(endpoint.host, endpoint.port);
}
