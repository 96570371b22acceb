import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { DEFAULT_TRY_MS, type HealthCheck } from '../../world/index-without-ssh.js';
import { describePortOwner, findPortOwner } from './find-port-owner.js';

export interface HealthOptions {
  /** Where `exec` runs, and its environment. */
  readonly cwd: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  /** The app's processes; an answer from another process on this machine does not count. Default: any answer counts. */
  readonly appPids?: () => readonly number[];
}

/**
 * Repeats a check until it passes.
 *
 * @returns undefined if it passed, else what the last attempt found when `timeoutMs` was over.
 */
export async function waitUntilHealthy(
  check: HealthCheck,
  options: HealthOptions,
): Promise<string | undefined> {
  const until = performance.now() + check.timeoutMs;
  for (;;) {
    options.signal.throwIfAborted();
    const finding = await runHealthCheck(check, options);
    if (finding === undefined) return undefined;
    if (performance.now() > until) return finding;
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
  const owner = await findPortOwner(check, options.appPids());
  return owner && describePortOwner(owner);
}

async function attempt(check: HealthCheck, options: HealthOptions): Promise<string | undefined> {
  const { tryMs = DEFAULT_TRY_MS } = check;
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(tryMs)]);
  try {
    switch (check.kind) {
      case 'http':
        return await tryHttp(check.url, signal);
      case 'tcp':
        return await tryTcp(check.host, check.port, signal);
      case 'exec':
        return await tryExec(check.argv, options, signal);
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

async function tryExec(
  argv: readonly [string, ...string[]],
  options: HealthOptions,
  signal: AbortSignal,
): Promise<undefined> {
  const [program, ...args] = argv;
  await promisify(execFile)(program, args, { cwd: options.cwd, env: options.environment, signal });
}

/** fetch and execFile wrap errors; the inner reason is the useful one. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const inner = error.cause instanceof Error ? error.cause : error;
  return inner.message.split('\n')[0] ?? inner.message;
}
