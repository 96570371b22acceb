import { chmod, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import { hawser, type Result, temporaryFolder } from '../../cli/helpers/hawser.js';
import { type LocalAgent, patienceMs } from './local-agent.js';

/** Answers with the first argument on the port that is the second. */
const server = `import { createServer } from 'node:http';
const [answer, port] = process.argv.slice(2);
createServer((_, response) => response.end(answer)).listen(Number(port), '127.0.0.1');
console.log('this is ' + answer);`;

export interface AppShape {
  /** Default `app`. */
  readonly name?: string;
  /** More keys of the manifest. */
  readonly more?: Readonly<Record<string, unknown>>;
  readonly run?: readonly string[];
  readonly health?: string;
  /** Default 200 ms, so that tests do not wait. */
  readonly settle?: string;
  readonly files?: Readonly<Record<string, string>>;
}

/** A directory to deploy: `server.mjs` answers on a port, `start` is a program that runs it. */
export async function appFolder(t: ExecutionContext, shape: AppShape): Promise<string> {
  const folder = path.join(await temporaryFolder(t), 'app');
  await mkdir(folder);
  const { name = 'app', more = {}, run, health, settle = '200ms', files = {} } = shape;
  const manifest = {
    name,
    ...more,
    ...(run === undefined ? {} : { run }),
    ...(settle === '' ? {} : { settle }),
  };
  const lines = [
    JSON.stringify(manifest).slice(1, -1),
    ...(health === undefined ? [] : [`"health": ${health}`]),
  ];
  await writeFile(path.join(folder, 'hawser.yaml'), `{ ${lines.join(', ')} }`);
  await writeFile(path.join(folder, 'server.mjs'), server);
  await writeFile(path.join(folder, 'start'), '#!/bin/sh\nnode server.mjs "$@"\ntrue\n');
  await chmod(path.join(folder, 'start'), 0o755);
  for (const [name, content] of Object.entries(files)) await writeFile(path.join(folder, name), content);
  return folder;
}

/** An HTTP check of a port of this machine. */
export function httpCheck(port: number, more = ''): string {
  return `{ http: "http://127.0.0.1:${port}/", timeout: 20s, interval: 50ms${more} }`;
}

/** Deploys through one host, as a person beside it would. */
export function deployTo(host: LocalAgent, folder: string, ...more: readonly string[]): Promise<Result> {
  return hawser(['deploy', folder, '--no-git', '--yes', '--seeds', host.clientUrl, ...more]);
}

/** What the app on a port answers; empty when nobody does. */
export async function answerAt(port: number): Promise<string> {
  try {
    return await (await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(2_000) })).text();
  } catch {
    return ''; // nobody listens
  }
}

/** Waits until the app on a port answers so; the empty string is for nobody. */
export async function answers(port: number, expected: string, host: LocalAgent): Promise<void> {
  const until = Date.now() + patienceMs;
  for (let last = ''; ; await delay(20)) {
    last = await answerAt(port);
    if (last === expected) return;
    if (Date.now() > until) throw new Error(`${port} answers "${last}":\n${await host.story()}`);
  }
}
