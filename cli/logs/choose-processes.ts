import { CliError } from '../errors.js';
import { suggestion } from '../input/nearest-word.js';
import { listed } from '../output/format-quantities.js';
import type { FoundLogs, FoundProcess } from './parse-found-logs.js';

/** What one host has to read. */
export interface HostLogs {
  readonly name: string;
  readonly found: FoundLogs;
}

/** One log of one host. */
export interface ChosenLog<H extends HostLogs> {
  readonly host: H;
  readonly process: FoundProcess;
}

/**
 * Which logs of an app to read: those of one process or of all, on the hosts that have them.
 * @throws CliError `usage` if no host has the app, or none has the process
 */
export function chooseProcesses<H extends HostLogs>(
  hosts: readonly H[],
  app: string,
  process?: string,
): ChosenLog<H>[] {
  const where = listed(hosts.map(({ name }) => name));
  const all = hosts.flatMap((host) => host.found.processes.map((found) => ({ host, process: found })));
  const apps = namesOf(hosts.flatMap(({ found }) => found.apps));
  if (!apps.includes(app) && all.length === 0)
    throw new CliError('usage', `There is no app ${app} on ${where}${choice(app, apps)}`);
  if (process === undefined) return all;
  const chosen = all.filter((log) => log.process.name === process);
  if (chosen.length > 0) return chosen;
  const processes = namesOf(all.map((log) => log.process.name));
  throw new CliError('usage', `${app} has no process ${process} on ${where}${choice(process, processes)}`);
}

function choice(word: string, there: readonly string[]): string {
  if (there.length === 0) return ': there is none at all.';
  return `${suggestion(word, there)}: there ${there.length === 1 ? 'is' : 'are'} ${there.join(', ')}.`;
}

function namesOf(all: readonly string[]): string[] {
  return [...new Set(all)].sort();
}
