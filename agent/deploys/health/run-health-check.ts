import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { timeLimit } from '../../../base/abort.js';
import { DEFAULT_TRY_MS, type HealthCheck } from '../../../world/internal.js';
import { describeExit } from '../../cluster/server/describe-server-exit.js';
import type { RunResult } from '../../processes/run-program.js';
import { describePortOwner, findPortOwner } from './find-port-owner.js';

export interface HealthOptions {
  /** Runs the program of an `exec` check. */
  readonly run: (
    argv: readonly [string, ...string[]],
    timeoutMs: number,
    signal: AbortSignal,
  ) => Promise<RunResult>;
  readonly signal: AbortSignal;
  /** The app's processes; an answer from another process on this machine does not count. Default: any answer counts. */
  readonly appPids?: () => readonly number[];
  /** Processes of the release before, which may share the app's port while both run. */
  readonly sharingPids?: () => readonly number[];
}

/**
 * Repeats a check until it passes as often in a row as it asks for.
 *
 * @returns undefined if it passed, else what the last attempt found when `timeoutMs` was over.
 */
export async function waitUntilHealthy(
  check: HealthCheck,
  options: HealthOptions,
): Promise<string | undefined> {
  const until = performance.now() + check.timeoutMs;
  const { successes: wanted = 1 } = check;
  for (let passed = 0; ; ) {
    options.signal.throwIfAborted();
    const finding = await runHealthCheck(check, options);
    passed = finding === undefined ? passed + 1 : 0;
    if (passed >= wanted) return undefined;
    if (performance.now() > until) return finding ?? `it passed only ${passed} of ${wanted} times in a row`;
    await delay(check.intervalMs, undefined, { signal: options.signal });
  }
}

/** Tries a check once. @returns undefined if it passed, else what it found. */
export async function runHealthCheck(
  check: HealthCheck,
  options: HealthOptions,
): Promise<string | undefined> {
  const finding = await attempt(check, options);
  if (finding !== undefined || options.appPids === undefined || check.answeredBy === 'anyone') return finding;
  const owner = await findPortOwner(check, options.appPids(), options.sharingPids?.());
  return owner && describePortOwner(owner);
}

async function attempt(check: HealthCheck, options: HealthOptions): Promise<string | undefined> {
  const { tryMs = DEFAULT_TRY_MS } = check;
  const signal = AbortSignal.any([options.signal, timeLimit(tryMs)]);
  try {
    switch (check.kind) {
      case 'http':
        return await tryHttp(check.url, signal);
      case 'tcp':
        return await tryTcp(check.host, check.port, signal);
      case 'exec':
        return explainExec(check.argv, await options.run(check.argv, tryMs, options.signal), tryMs);
    }
  } catch (error) {
    options.signal.throwIfAborted();
    return signal.aborted ? `no answer within ${tryMs / 1000} s` : reason(error);
  }
}

async function tryHttp(url: string, signal: AbortSignal): Promise<string | undefined> {
  const response = await fetch(url, { signal });
  await response.body?.cancel();
  return response.ok ? undefined : `${url} answered ${response.status}`;
}

async function tryTcp(host: string, port: number, signal: AbortSignal): Promise<undefined> {
  const socket = connect({ host, port });
  try {
    await once(socket, 'connect', { signal });
  } finally {
    socket.destroy();
  }
}

/** The last line of what it wrote mostly says why. */
function explainExec(
  [program]: readonly string[],
  { exit, timedOut, outputTail }: RunResult,
  tryMs: number,
): string | undefined {
  if (timedOut) return `${program} did not end within ${tryMs / 1000} s`;
  if (exit.code === 0) return undefined;
  const said = outputTail.split('\n').at(-1)?.slice(0, 200) ?? '';
  return `${program} exited (${describeExit(exit)})${said === '' ? '' : `: ${said}`}`;
}

/** fetch wraps errors; the inner reason is the useful one. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const inner = error.cause instanceof Error ? error.cause : error;
  return inner.message.split('\n')[0] ?? inner.message;
}
