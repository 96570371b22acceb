import type { ChannelOptions } from '@grpc/grpc-js';
import { formatHostPort } from '../../../base/host-port.js';
import { WorldError } from '../../errors.js';
import { createHost, type Host } from '../internals/etcd3.js';
import { Login } from '../login.js';
import { Certificates } from '../tls/certificates.js';
import { TlsCredentials } from '../tls/credentials.js';
import type { TlsFailure } from '../tls/explain-tls-error.js';
import { type Endpoint, formatEndpoint, parseEndpoint } from './endpoint.js';

const AVOID_MS = 1000;

/** An endpoint as a person knows it, for errors. */
export interface EndpointDescription {
  readonly name: string;
  /** What keeps it from being reached now, in a sentence, where that is known better than gRPC knows it. */
  readonly reason?: string | undefined;
}

/** Describes endpoints that are only a local end of something else, by their URL. */
export type DescribeEndpoint = (url: string) => EndpointDescription;

/** How the endpoints of a client are dialled and named. */
export interface Dialling {
  /** Default by their URL. */
  readonly describe?: DescribeEndpoint | undefined;
  /** For `https://` endpoints, and for those with a `secureHost`. */
  readonly certificates: Certificates;
  /** Default nobody. */
  readonly login?: Login | undefined;
  /** For an endpoint that is only a local end: the host behind it whose certificate is verified, where it speaks TLS. */
  readonly secureHost?: ((url: string) => string | undefined) | undefined;
}

/** One endpoint with its gRPC connections, which are made at the first call. */
export interface EndpointConnection {
  readonly url: string;
  readonly describe: () => EndpointDescription;
  readonly host: Host;
  /** By what we are known to it, as to all endpoints of the cluster. */
  readonly login: Login;
  /** What is wrong with its certificate or with ours, where that is why a call failed. */
  readonly tlsFailure: (details: string) => TlsFailure | undefined;
  /** Aborted when the endpoint is no longer one of the set, for the streams on it. */
  readonly removed: AbortSignal;
  /** Until then (monotonic ms) other endpoints are preferred. */
  avoidUntil: number;
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
 * The endpoints of one cluster over one lane. Calls stay at one endpoint until it fails, then move to the next.
 * Each lane has an HTTP/2 connection of its own, so that bulk never delays what is small.
 */
export class EndpointSet {
  readonly #lane: string;
  readonly #dialling: Dialling;
  readonly #login: Login;
  readonly #removals = new WeakMap<EndpointConnection, AbortController>();
  #connections: readonly EndpointConnection[];
  #current = 0;

  /** @throws WorldError `invalid` for an endpoint that cannot be read, or none. */
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

  /** The endpoint for the next call: the one in use, or the next that did not fail lately. */
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
    if (soonest === undefined) throw new WorldError('closed', 'The client of etcd was closed.');
    return soonest;
  }

  /** Prefers other endpoints for a while; with `reconnect` the next call here makes a new connection. */
  avoid(connection: EndpointConnection, { reconnect = false, ms = AVOID_MS } = {}): void {
    connection.avoidUntil = performance.now() + ms;
    if (reconnect) connection.host.resetAllServices();
  }

  /** Takes other endpoints; those that stay keep their connections. */
  replace(endpoints: readonly string[]): void {
    const before = this.#connections;
    this.#connections = this.#connect(endpoints, before);
    this.#current = 0;
    for (const connection of before) if (!this.#connections.includes(connection)) this.#drop(connection);
  }

  /** One endpoint by itself, which need not be of the set, dialled as those are; over the same connection where it is. */
  alone(endpoint: string): EndpointSet {
    return new EndpointSet([endpoint], this.#lane, this.#dialling);
  }

  close(): void {
    for (const connection of this.#connections) this.#drop(connection);
    this.#connections = [];
  }

  /** Calls in flight go on until they are answered; streams end. */
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
    if (parsed.size === 0) throw new WorldError('invalid', 'No endpoint of etcd was given.');
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
    };
    this.#removals.set(connection, removal);
    return connection;
  }

  #host(url: string, endpoint: Endpoint): Host {
    const { certificates, secureHost } = this.#dialling;
    const host = secureHost?.(url) ?? (endpoint.scheme === 'https' ? endpoint.host : undefined);
    // Channels with equal options share a connection: an option that grpc-js does not know keeps the lanes apart.
    const options = { ...CHANNEL_OPTIONS, 'hawser.lane': this.#lane };
    const credentials = host === undefined ? undefined : new TlsCredentials(certificates, host);
    return createHost(target(endpoint), credentials, options);
  }
}

function target(endpoint: Endpoint): string {
  if (endpoint.scheme === 'unix') return `unix://${endpoint.path}`;
  return formatHostPort(endpoint.host, endpoint.port);
}
