import { onAbort } from '../../base/abort.js';
import type { Log } from '../../base/log.js';
import { type ConnectTrace, traced } from '../../base/trace.js';
import { mostSerious, TunnelError } from '../errors.js';
import { formatSeconds } from '../format-for-message.js';
import type { ForwardTarget } from '../forward/forward-target.js';
import { type Destination, formatDestination } from '../parse-destination.js';
import { PausableTimeout } from '../pausable-timeout.js';
import type { Questions } from '../question-queue.js';
import type { ResolvedDestination } from '../ssh-config/resolved-destination.js';
import { unreachable } from '../transport/link-errors.js';
import type { Link, Transport } from '../transport/transport.js';
import { AnswerGate } from './defer-questions.js';
import { dialWithinLoginLimits } from './dial-within-login-limits.js';
import { probeTargets } from './probe-targets.js';

/** How to connect to a fleet; the same for the first connection and each later one. */
export interface RaceOptions {
  readonly destinations: readonly ResolvedDestination[];
  /** For destinations that do not say otherwise; so are the two below. */
  readonly connectTimeoutMs: number;
  readonly keepaliveIntervalMs: number;
  readonly keepaliveCountMax: number;
  /** Asks a person; without it nothing is asked. */
  readonly questions?: Questions | undefined;
  /** A destination through which none of these answers is used only when there is no better one. */
  readonly probe?: readonly ForwardTarget[] | undefined;
  /** Whether to answer the question that a command among these may have. Default true. */
  readonly mayAnswer?: boolean | undefined;
  readonly log?: Log | undefined;
}

/** A link, and the destination that it leads to. */
export interface ConnectedLink {
  readonly link: Link;
  readonly via: Destination;
}

/**
 * Tries all destinations at once. The first that is connected and authenticated wins, the others are dropped.
 * @throws TunnelError when none works: the most serious error; `attempts` has all of them
 */
export async function raceDestinations(
  options: RaceOptions,
  transport: Transport,
  { signal }: { readonly signal: AbortSignal },
): Promise<ConnectedLink> {
  signal.throwIfAborted();
  const race = new AbortController();
  const unlisten = onAbort([signal], () => race.abort(signal.reason));
  const failures: TunnelError[] = [];
  const spare: ConnectedLink[] = [];
  const useless: ConnectedLink[] = [];
  const gate = new AnswerGate(options.destinations);
  const attempts = options.destinations.map(async (destination) => {
    try {
      const dial = () => dialDestination(destination, options, transport, race.signal);
      const link = await traced('hawser:connect', () => describeAttempt(destination), dial);
      const connected = { via: plain(destination), link };
      return await probed(connected, destination, { options, spare, useless, gate, signal: race.signal });
    } catch (error) {
      gate.decide(destination);
      if (error instanceof TunnelError) failures.push(error);
      throw error;
    }
  });
  let winner: ConnectedLink | undefined;
  try {
    winner = await firstOrSpare(attempts, spare, useless);
    for (const { code, message } of failures)
      options.log?.(code === 'forward-refused' ? 'info' : 'warn', message);
    return winner;
  } catch (error) {
    signal.throwIfAborted();
    throw failures.length === attempts.length ? mostSerious(failures) : firstOf(error);
  } finally {
    unlisten();
    race.abort(new DOMException('Another destination was faster.', 'AbortError'));
    await closeLosers(attempts, [...spare, ...useless], winner);
  }
}

interface ProbeContext {
  readonly options: RaceOptions;
  readonly spare: ConnectedLink[];
  /** Links whose question got no right answer: they are closed. */
  readonly useless: ConnectedLink[];
  readonly gate: AnswerGate;
  readonly signal: AbortSignal;
}

/** Accepts a link that leads to one of the probed addresses, and keeps any other as a spare. */
async function probed(
  connected: ConnectedLink,
  destination: ResolvedDestination,
  { options: { probe = [], mayAnswer = true, destinations }, spare, useless, gate, signal }: ProbeContext,
): Promise<ConnectedLink> {
  // A question is answered before anybody relies on the way, even on the only one.
  const asks = mayAnswer && probe.some((target) => hasQuestion(target, destination));
  if (probe.length === 0 || (destinations.length === 1 && !asks)) return connected;
  spare.push(connected);
  const host = formatDestination(connected.via);
  const refusal = await probeTargets(connected.link, probe, {
    host,
    mayAnswer: async () => {
      if (!mayAnswer) throw asksNow(host);
      gate.decide(destination);
      await gate.opened(signal);
    },
    signal,
  });
  if (refusal === undefined) return connected;
  if (refusal.code === 'auth-failed') useless.push(...spare.splice(spare.indexOf(connected), 1));
  throw refusal;
}

function hasQuestion(target: ForwardTarget, { reach }: ResolvedDestination): boolean {
  const reached = 'command' in target ? target : (reach?.(target) ?? target);
  return 'command' in reached && reached.question !== undefined;
}

function asksNow(host: string): TunnelError {
  const message = `${host} asks a question that cannot be answered at the moment.`;
  return new TunnelError('forward-refused', host, message);
}

async function firstOrSpare(
  attempts: readonly Promise<ConnectedLink>[],
  spare: readonly ConnectedLink[],
  useless: readonly ConnectedLink[],
): Promise<ConnectedLink> {
  try {
    return await Promise.any(attempts);
  } catch (error) {
    const [connected] = spare;
    // A right answer would lead there: that says more than what a host says that leads nowhere.
    if (connected === undefined || useless.length > 0) throw error;
    return connected;
  }
}

async function dialDestination(
  destination: ResolvedDestination,
  options: RaceOptions,
  transport: Transport,
  raceSignal: AbortSignal,
): Promise<Link> {
  const { connectTimeoutMs = options.connectTimeoutMs } = destination;
  const host = formatDestination(destination);
  const attempt = new AbortController();
  const unlisten = onAbort([raceSignal], () => attempt.abort(raceSignal.reason));
  using timeLimit = new PausableTimeout(connectTimeoutMs, () =>
    attempt.abort(timedOut(host, connectTimeoutMs)),
  );
  const through = destination.jumps.map((jump) => ` through ${formatDestination(jump)}`).join('');
  options.log?.('debug', `Connecting to ${host}${through}.`);
  const startedAt = performance.now();
  try {
    const link = await dialWithinLoginLimits(transport, destination, {
      keepaliveIntervalMs: destination.keepaliveIntervalMs ?? options.keepaliveIntervalMs,
      keepaliveCountMax: destination.keepaliveCountMax ?? options.keepaliveCountMax,
      questions: options.questions,
      timeLimit,
      signal: attempt.signal,
      log: options.log,
    });
    const key = link.loginKey === undefined ? '' : ` with the key ${link.loginKey}`;
    const tookMs = Math.round(performance.now() - startedAt);
    options.log?.('debug', `Logged in to ${host}${key} after ${tookMs} ms.`);
    return link;
  } finally {
    unlisten();
  }
}

function describeAttempt(destination: ResolvedDestination): ConnectTrace {
  return { destination: formatDestination(destination), jumps: destination.jumps.map(formatDestination) };
}

/** What a state shows of the destination in use. */
function plain({ user, host, port, hostKey }: ResolvedDestination): Destination {
  return { user, host, port, ...(hostKey !== undefined && { hostKey }) };
}

/** Closes links that connected after the first; the other attempts end by their signal. */
async function closeLosers(
  attempts: readonly Promise<ConnectedLink>[],
  spare: readonly ConnectedLink[],
  winner: ConnectedLink | undefined,
): Promise<void> {
  const settled = await Promise.allSettled(attempts);
  const made = settled.flatMap((attempt) => (attempt.status === 'fulfilled' ? [attempt.value] : []));
  const losers = new Set([...made, ...spare].filter((connected) => connected !== winner));
  await Promise.all([...losers].map(({ link }) => link.close()));
}

function timedOut(host: string, connectTimeoutMs: number): TunnelError {
  return unreachable(host, `login did not complete within ${formatSeconds(connectTimeoutMs)}`);
}

function firstOf(error: unknown): unknown {
  return error instanceof AggregateError ? error.errors.find((one) => !(one instanceof TunnelError)) : error;
}
