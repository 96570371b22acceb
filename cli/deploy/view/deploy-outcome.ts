import type { Deployment } from '../../../world/deploys/deploy-payload.js';
import type { HostProgress } from '../../../world/deploys/host-states.js';
import type { Verdict } from '../../../world/deploys/rollout/rollout-record.js';
import { EXIT_CODES, type ExitCode } from '../../exit-codes.js';
import type { Lines } from '../../output/escaped-lines.js';
import { formatTable, lines } from '../../output/print.js';
import type { DeployProgress } from './wait-for-deploy.js';

/** What there is to say of a deploy, in short. */
export interface SaidOfDeploy {
  readonly app: string;
  /** Undefined for a plan. */
  readonly id: number | undefined;
  readonly verdict: Verdict | 'running';
  /** In a sentence. */
  readonly message: string;
}

/** How a deploy ended, or stands: for a program, and for a person. */
export interface DeployOutcome {
  readonly said: SaidOfDeploy;
  readonly value: Readonly<Record<string, unknown>>;
  readonly text: Lines;
  readonly exitCode: ExitCode;
  /** The last lines of the apps that failed. */
  readonly logTail: string;
}

/** What a deploy is called in a sentence. */
const ENDS: Record<Verdict | 'running', string> = {
  healthy: 'is healthy',
  'rolled-back': 'failed and was taken back: the hosts run what they ran before',
  paused: 'is paused, because hosts failed',
  failed: 'failed',
  superseded: 'was superseded by a newer deploy',
  stopped: 'was stopped: the hosts run what they ran before',
  running: 'is still under way',
};

const REMEDIES: Partial<Record<Verdict | 'running', (id: number) => string>> = {
  paused: (id) =>
    `Go on with "hawser deploys resume ${id}", or take it back with "hawser deploys abort ${id}".`,
  running: (id) => `The hosts go on: "hawser deploys wait ${id}" shows how it ends.`,
};

/** A deploy as it stands, with the exit code that its verdict means. */
export function outcomeOf(
  id: number,
  deployment: Deployment,
  { record, hosts }: DeployProgress,
): DeployOutcome {
  const verdict = record?.verdict ?? 'running';
  const { name } = deployment;
  const why = record?.message ?? record?.reason;
  const sentence = `Deploy ${id} of ${name} ${ENDS[verdict]}.`;
  const missing = [...hosts].flatMap(([hostname, { state }]) => (state === 'missing' ? [hostname] : []));
  const remedy = REMEDIES[verdict]?.(id) ?? remedyForMissing(missing, verdict);
  const message = [sentence, why, remedy].filter((part) => part !== undefined).join(' ');
  const told = [...hosts].map(([hostname, host]) => describeHost(hostname, host));
  return {
    said: { app: name, id, verdict, message },
    value: { id, app: name, verdict, message, hosts: told, away: missing },
    text: lines([
      ...(verdict === 'healthy' || hosts.size === 0 ? [] : [formatHosts(hosts), '']),
      verdict === 'healthy' ? healthySentence(sentence, hosts, missing) : message,
    ]),
    exitCode: verdict === 'healthy' ? EXIT_CODES.done : EXIT_CODES.unhealthy,
    logTail: appOutput(hosts),
  };
}

/** What programs are told of a host. */
export function describeHost(
  hostname: string,
  { state, step, message, at }: HostProgress,
): Readonly<Record<string, unknown>> {
  return { hostname, state, step: step ?? null, message, at: at ?? null };
}

/** The hosts of a deploy as a table. */
export function formatHosts(hosts: ReadonlyMap<string, HostProgress>): Lines {
  const rows = [...hosts].map(([hostname, { state, step = '', message }]) => [
    hostname,
    state,
    step,
    message,
  ]);
  return formatTable(['HOST', 'STATE', 'STEP', 'MESSAGE'], rows);
}

function healthySentence(
  sentence: string,
  hosts: ReadonlyMap<string, HostProgress>,
  missing: readonly string[],
): string {
  const healthy = [...hosts.keys()].filter((hostname) => !missing.includes(hostname));
  const on = healthy.length === 0 ? '' : ` on ${healthy.join(', ')}`;
  const later = missing.length === 0 ? '' : `; ${missing.join(', ')} will catch up`;
  return sentence.replace(/\.$/, `${on}${later}.`);
}

function remedyForMissing(missing: readonly string[], verdict: Verdict | 'running'): string | undefined {
  if (missing.length === 0 || verdict === 'healthy' || verdict === 'superseded') return undefined;
  return 'To accept hosts that are away, pass --allow-missing; for a host that is gone for good, run "hawser members forget".';
}

/** The last lines of the apps that failed; hosts whose app wrote the same share them. */
function appOutput(hosts: ReadonlyMap<string, HostProgress>): string {
  const hostsByOutput = new Map<string, string[]>();
  for (const [hostname, { report }] of hosts) {
    // Of the others, "deploys logs" shows what their hooks wrote.
    const output = report?.state === 'failed' ? report.logTail : undefined;
    if (output !== undefined) hostsByOutput.set(output, [...(hostsByOutput.get(output) ?? []), hostname]);
  }
  return [...hostsByOutput].map(([output, names]) => `${names.join(', ')}:\n${output}`).join('\n');
}
