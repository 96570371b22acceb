import type { Effort } from '../effort.js';
import type { Topic } from '../report.js';
import { measureScene } from './measure-scene.js';
import type { SceneOptions } from './scene.js';

/** By name, for `--only`. */
const SCENES: Readonly<Record<string, SceneOptions>> = {
  '3-near': { hosts: 3, roundTripMs: 0 },
  '3-far': { hosts: 3, roundTripMs: 40 },
  '10-near': { hosts: 10, roundTripMs: 0 },
  '10-far': { hosts: 10, roundTripMs: 40 },
};

/** `hawser up` and `upgrade` beside ansible-playbook, on bare hosts: every scene, or only those named. */
export async function* upTopics(
  effort: Effort,
  say: (text: string) => void,
  only?: readonly string[],
): AsyncGenerator<Topic> {
  for (const [name, scene] of Object.entries(SCENES)) {
    if (only !== undefined && !only.includes(name)) continue;
    say(`measuring ${name}…\n`);
    yield await measureScene(scene, effort);
  }
}
