import { findProgram } from '../../../fixtures/fleet/run-command.js';
import type { Effort } from '../effort.js';
import type { Topic } from '../report.js';
import type { SceneOptions } from './deploy-scene.js';
import { measureDeploys } from './measure-deploys.js';

/** By name, for `--only`. */
const SCENES: Readonly<Record<string, SceneOptions>> = {
  '3-near': { hosts: 3, roundTripMs: 0 },
  '3-far': { hosts: 3, roundTripMs: 40 },
  '3-farther': { hosts: 3, roundTripMs: 167 },
  '10-near': { hosts: 10, roundTripMs: 0 },
  '10-far': { hosts: 10, roundTripMs: 40 },
  '10-farther': { hosts: 10, roundTripMs: 167 },
};

/** Deploys beside `rsync -az` to each host in parallel: every scene, or only those named. */
export async function* deployTopics(
  effort: Effort,
  say: (text: string) => void,
  only?: readonly string[],
): AsyncGenerator<Topic> {
  if ((await findProgram('rsync', process.env['PATH'] ?? '')) === undefined) {
    say('left out: there is no rsync (Debian: apt-get install rsync)\n');
    return;
  }
  for (const [name, scene] of Object.entries(SCENES)) {
    if (only !== undefined && !only.includes(name)) continue;
    say(`measuring ${name}…\n`);
    yield await measureDeploys(scene, effort);
  }
}
