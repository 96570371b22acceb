import { pause, untilAborted } from '../../../base/abort.js';
import { Backoff } from '../../../base/backoff.js';
import type { Log } from '../../../base/log.js';
import { type CallTrace, traced } from '../../../base/trace.js';
import type { CallOptions } from '../../call-options.js';
import { CLIENT_DIAL_TIMEOUT_MS } from '../../constants.js';
import { WorldError, type WorldErrorCode } from '../../errors.js';
import { type CallFailure, classifyFailure, isServiceError } from '../error/classify-failure.js';
import { explainGrpcError, explainTooLarge } from '../error/explain-grpc-error.js';
import { OtherFleets } from '../fleet/avoid-endpoints-of-other-fleets.js';
import type { FleetGuard } from '../fleet/fleet-guard.js';
import type { Attempt } from '../fleet/send-with-fleet-check.js';
import { sendWithFleetCheck, unsent } from '../fleet/send-with-fleet-check.js';
import { isConnected } from '../internals/etcd3.js';
import type { ServiceError } from '../internals/grpc-js.js';
import { status } from '../internals/grpc-js.js';
import { isStaleToken } from '../login.js';
import type { Answer, Call } from './call-types.js';
import type { EndpointConnection, EndpointSet } from './endpoint-set.js';
import type { LastRevision } from './last-revision.js';

export const DEFAULT_TIMEOUT_MS = 10_000;
const FAILOVER_MS = 4000;
/** With less time left, another attempt would only hide why the previous one failed. */
const MIN_ATTEMPT_MS = 100;
/** TLS failures do not go away while a call waits; this is enough to try the other endpoints. */
const TLS_RETRY_MS = 300;
const ADVICE: Partial<Record<WorldErrorCode, string>> = {
  unavailable: 'Nothing was changed. Check that the agent (hawser run) or etcd is running there',
  'outcome-unknown': 'It may have been applied: read it back before trying again',
  'no-space':
    "etcd's database is full: free space (hawser deploys prune, hawser fs gc) or raise --quota-backend-bytes on every " +
    'server, then run hawser members defrag, which compacts and defragments it and disarms the alarm',
};

const NO_QUORUM =
  'Nothing was changed. Bring the other servers back or, if they are permanently lost, see hawser members recover';

const NOT_YOUR_SOCKET =
  'Nothing was changed. Only root and the user that the agent runs as may use that socket';

/** Runs calls, with retries, until they are answered, refused, timed out or aborted. */
export class CallRunner {
  readonly #endpoints: EndpointSet;
  readonly #closed: AbortSignal;
  readonly #lastRevision: LastRevision;
  readonly #log: Log | undefined;
  readonly #fleet: FleetGuard | undefined;

  /**
   * @param closed aborts all calls when the client closes.
   * @param fleet restricts the calls to one fleet; without it, any answer is accepted.
   */
  constructor(
    endpoints: EndpointSet,
    closed: AbortSignal,
    lastRevision: LastRevision,
    log: Log | undefined,
    fleet?: FleetGuard,
  ) {
    this.#fleet = fleet;
    this.#endpoints = endpoints;
    this.#closed = closed;
    this.#lastRevision = lastRevision;
    this.#log = log;
  }

  /** @throws WorldError as {@link classifyFailure} says, `other-fleet`; after an abort `signal.reason`. */
  perform<T>(call: Call<T>, options: CallOptions = {}): Promise<Answer<T>> {
    const { what: operation, kind, key } = call;
    return traced(
      'hawser:call',
      () => ({ operation, kind, key, attempts: 0 }),
      (trace) => this.#perform(call, options, trace),
    );
  }

  async #perform<T>(call: Call<T>, options: CallOptions, trace: CallTrace | undefined): Promise<Answer<T>> {
    const { signal, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
    const begunAt = Date.now();
    const deadline = begunAt + timeoutMs;
    const backoff = new Backoff();
    const otherFleets = new OtherFleets(this.#fleet, this.#endpoints);
    let repeated = false;
    for (;;) {
      this.#throwIfOver(signal);
      const connection = call.connection ?? this.#endpoints.pick();
      noteAttempt(trace, connection);
      const attempt = { call, connection, isSent: false };
      let token: string | undefined;
      try {
        const until = this.#attemptDeadline(call, connection, deadline);
        const signals = [signal, this.#closed];
        if (connection.login.needsToken)
          token = await untilAborted(connection.login.token(connection.host), ...signals);
        const ends = { signals, deadline: until, leaderless: call.leaderless, token };
        const value = await sendWithFleetCheck(this.#fleet, this.#endpoints, attempt, ends);
        this.#lastRevision.observe(Object(value));
        return { value, repeated };
      } catch (error) {
        this.#throwIfOver(signal);
        const waitMs = backoff.next();
        if (otherFleets.shouldRetry(error, attempt, deadline)) {
          await pause(waitMs / 10, signal, this.#closed);
          continue;
        }
        if (!isServiceError(error)) throw error;
        const failure = classifyAttempt(error, attempt, token);
        this.#noteFailure(connection, error, failure);
        repeated ||= failure.outcome === 'unknown';
        const again = mayRepeat(failure, call);
        const hopeless =
          connection.tlsFailure(error.details) !== undefined && Date.now() > begunAt + TLS_RETRY_MS;
        if (!again || hopeless || Date.now() + waitMs + MIN_ATTEMPT_MS >= deadline)
          throw otherFleets.explain(call, translate(call, connection, error, failure, repeated));
        this.#log?.('debug', `Trying again to ${call.what}: ${connection.url} answered "${error.details}".`);
        await pause(waitMs, signal, this.#closed);
      }
    }
  }

  /** Leaves time to try another endpoint, or a new connection to the same one, where a retry is allowed. */
  #attemptDeadline(call: Call<unknown>, connection: EndpointConnection, deadline: number): number {
    const shareMs = Math.max(FAILOVER_MS, (deadline - Date.now()) / 2);
    if (this.#endpoints.connections.length > 1 && !isConnected(connection.host))
      return Math.min(deadline, Date.now() + Math.min(shareMs, CLIENT_DIAL_TIMEOUT_MS));
    return call.kind === 'once' ? deadline : Math.min(deadline, Date.now() + shareMs);
  }

  #noteFailure(connection: EndpointConnection, error: ServiceError, failure: CallFailure): void {
    // After certificates were replaced, a new connection may succeed at once where gRPC still backs off.
    const isOver =
      error.code === status.DEADLINE_EXCEEDED || connection.tlsFailure(error.details) !== undefined;
    if (!failure.link) return;
    this.#endpoints.avoid(connection, { reconnect: isOver });
    // When it comes back, it may belong to another fleet.
    this.#fleet?.forget(connection);
  }

  #throwIfOver(signal: AbortSignal | undefined): void {
    signal?.throwIfAborted();
    if (this.#closed.aborted) throw closedError();
  }
}

function noteAttempt(trace: CallTrace | undefined, { url }: EndpointConnection): void {
  if (trace === undefined) return;
  trace.attempts += 1;
  trace.endpoint = url;
}

/** A call that was not sent changed nothing; nor did one refused for its token, which works with a new token. */
function classifyAttempt(
  error: ServiceError,
  { connection, isSent }: Attempt<unknown>,
  token: string | undefined,
): CallFailure {
  const failure = classifyFailure(error);
  if (token !== undefined && isStaleToken(error)) {
    connection.login.forget(token);
    return { ...failure, outcome: 'not-sent' };
  }
  return isSent ? failure : unsent(failure);
}

export function closedError(): WorldError {
  return new WorldError('closed', 'The etcd client was closed.');
}

function mayRepeat({ outcome }: CallFailure, { kind }: Call<unknown>): boolean {
  return outcome === 'not-sent' || (outcome === 'unknown' && kind !== 'once');
}

function translate(
  call: Call<unknown>,
  connection: EndpointConnection,
  error: ServiceError,
  failure: CallFailure,
  repeated: boolean,
): WorldError {
  const tlsFailure = connection.tlsFailure(error.details);
  const code = codeOf(
    call,
    tlsFailure === undefined ? failure : { outcome: 'refused', ...tlsFailure },
    repeated,
  );
  const advice = code === tlsFailure?.code ? tlsFailure.advice : adviceFor(code, connection, error.details);
  const { name, reason: known } = connection.describe();
  const text =
    code === 'too-large' && call.size !== undefined
      ? explainTooLarge(error.details, call.size())
      : explainGrpcError(error.details);
  const reason = failure.link && known !== undefined ? known : `${text}.`;
  const message = `Could not ${call.what} at ${name}: ${reason}${advice === undefined ? '' : ` ${advice}.`}`;
  return new WorldError(code, message, {
    key: call.key,
    endpoint: connection.url,
    reason: error.details,
    cause: error,
  });
}

function adviceFor(code: WorldErrorCode, { login }: EndpointConnection, details: string): string | undefined {
  if (code === 'permission-denied') return login.advice(details);
  if (code === 'unavailable' && /: no leader$/.test(details)) return NO_QUORUM;
  return code === 'unavailable' && /\bconnect EACCES\b/.test(details) ? NOT_YOUR_SOCKET : ADVICE[code];
}

function codeOf(
  call: Call<unknown>,
  failure: Pick<CallFailure, 'outcome' | 'code'>,
  repeated: boolean,
): WorldErrorCode {
  if (failure.outcome === 'refused' && !repeated) return failure.code;
  if (call.kind === 'read') return failure.outcome === 'refused' ? failure.code : 'unavailable';
  return repeated ? 'outcome-unknown' : 'unavailable';
}
