import type { DeployStory, Ending, StoryHost } from '../../../cli/ci/deploy-story.js';

const healthy: Ending = {
  code: 'healthy',
  message: 'Deploy 3 of web is healthy.',
  isGood: true,
  isError: false,
};

/** A deploy for tests; what is not said is as it is when all goes well. */
export function story(parts: Partial<DeployStory> = {}): DeployStory {
  return {
    ...{ command: 'deploy', app: 'web', id: 3, ending: healthy, hosts: [], steps: [] },
    ...{ startedAt: '2026-11-28T20:00:00.123Z', elapsedMs: 4_321 },
    ...parts,
  };
}

/** A host of it. */
export function host(hostname: string, parts: Partial<StoryHost> = {}): StoryHost {
  return {
    ...{
      hostname,
      state: 'healthy' as const,
      step: 'health',
      message: 'It is healthy.',
      output: '',
      elapsedMs: 1_500,
    },
    ...parts,
  };
}

/** How a deploy ended that did not go well. */
export function bad(code: string, message: string, isError = false): Ending {
  return { code, message, isGood: false, isError };
}

/** Every byte as a character, and what else trips readers up. */
export const EVERYTHING = [
  ...Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)),
  ...[
    '\ud800',
    ' \udfff',
    '\ufffe',
    '\uffff',
    '\u202e',
    '\u2028',
    '😀',
    ']]>',
    '<![CDATA[',
    '<!--',
    '&#0;',
    '%0A',
    '::',
    '##[',
  ],
].join('');
