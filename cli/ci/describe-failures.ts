import {
  type DeployStory,
  lastLines,
  nameOf,
  resultOf,
  resultOfAll,
  type StoryHost,
} from './deploy-story.js';
import type { Annotation } from './workflow-commands.js';

/** GitHub shows ten errors of a step. */
const MOST_ERRORS = 10;

/** What a person should see first: why the deploy did not end well, and each host that is to blame. */
export function describeFailures(story: DeployStory): Annotation[] {
  const { ending, hosts } = story;
  const bad = resultOfAll(story) === 'failure' || resultOfAll(story) === 'error';
  const away = hosts.filter(({ state }) => state === 'missing');
  const blamed = hosts.filter((host) => host.state !== 'rolled-back' && resultOf(host, story) === 'failure');
  const whole: Annotation[] = bad
    ? [{ level: 'error', title: nameOf(story), message: ending.message }]
    : away.map(({ hostname, message }) => ({
        ...{ level: 'warning' as const, title: `${nameOf(story)} is not on ${hostname}`, message },
      }));
  return [...whole, ...blamed.map((host) => describe(host, story))].slice(0, MOST_ERRORS);
}

function describe({ hostname, state, step, message, output }: StoryHost, story: DeployStory): Annotation {
  const where = step === undefined ? '' : ` at ${step}`;
  return {
    level: 'error',
    title: `${nameOf(story)}: ${hostname} ${state}${where}`,
    message: [message, ...lastLines(output)].join('\n'),
  };
}
