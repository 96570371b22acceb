import type { HostState } from '../../world/deploys/host-states.js';
import type { Verdict } from '../../world/deploys/rollout/rollout-record.js';

/** What one command has seen of a deploy until its end, as CI systems are told. */
export interface DeployStory {
  /** Such as `deploys wait`. */
  readonly command: string;
  /** Undefined where it never got so far. */
  readonly app: string | undefined;
  readonly id: number | undefined;
  readonly ending: Ending;
  /** In the order of the deploy; empty where nobody looked. */
  readonly hosts: readonly StoryHost[];
  /** What hosts said on the way, each with the time: lines for a person. */
  readonly steps: readonly string[];
  /** ISO 8601. */
  readonly startedAt: string;
  readonly elapsedMs: number;
}

/** How the command ended: with a verdict, or for a reason of its own. */
export interface Ending {
  /** A verdict, `running` where nobody waited until there was one, or the code of an error. */
  readonly code: Verdict | 'running' | (string & {});
  readonly message: string;
  /** Whether the exit code is 0. */
  readonly isGood: boolean;
  readonly isError: boolean;
}

/** What became of one host. */
export interface StoryHost {
  readonly hostname: string;
  readonly state: HostState;
  readonly step: string | undefined;
  readonly message: string;
  /** The last lines of what its app wrote; empty for none. */
  readonly output: string;
  readonly elapsedMs: number;
}

/** How a test would have ended. */
export type Result = 'passed' | 'failure' | 'error' | 'skipped';

/** What became of a host, as the result of a test. */
export function resultOf({ state }: StoryHost, { ending }: DeployStory): Result {
  switch (state) {
    case 'healthy':
      return 'passed';
    case 'failed':
    case 'lost':
    case 'rolled-back':
      return 'failure';
    case 'missing':
      return ending.isGood ? 'skipped' : 'failure';
    case 'skipped':
      return 'skipped';
    default:
      return ending.isError || ending.code === 'running' ? 'error' : 'skipped';
  }
}

/** The same for the deploy as a whole. */
export function resultOfAll({ ending: { isGood, isError, code } }: DeployStory): Result {
  if (isGood) return code === 'running' ? 'skipped' : 'passed';
  return isError || code === 'running' ? 'error' : 'failure';
}

/** What the deploy is called in a sentence. */
export function nameOf({ id, app, command }: DeployStory): string {
  if (app === undefined) return `hawser ${command}`;
  return id === undefined ? `hawser ${command} of ${app}` : `Deploy ${id} of ${app}`;
}

const MOST_LINES = 60;
const MOST_CHARACTERS = 16_000;

/** The end of what an app wrote, as so many lines at most. */
export function lastLines(output: string): string[] {
  if (output === '') return [];
  return output
    .slice(-MOST_CHARACTERS)
    .split('\n')
    .slice(-MOST_LINES)
    .map((line) => line.replace(/\r$/, ''));
}
