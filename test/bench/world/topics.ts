import type { Effort } from '../effort.js';
import type { Topic } from '../report.js';
import { measureMaxDeployId } from './deploys.js';
import { measureUpload } from './fs.js';
import { measureCollect, measureExport } from './resources.js';
import { Site } from './site.js';
import { measureStringMap } from './string-map.js';
import { measureWatchers } from './watchers.js';

const ROUND_TRIP_MS = 40;

/** Every topic of the World, one after the other, or only those named. */
export async function* worldTopics(
  effort: Effort,
  say: (text: string) => void,
  only?: readonly string[],
): AsyncGenerator<Topic> {
  const topics: Record<string, (site: Site) => AsyncGenerator<Topic>> = {
    export: (site) => measureExport(site, effort),
    collect: (site) => measureCollect(site, effort),
    deploys: (site) => measureMaxDeployId(site, effort),
    watchers: (site) => measureWatchers(site, effort),
    map: (site) => measureStringMap(site, effort),
    fs: (site) => measureUpload(site, effort),
  };
  for (const [name, topic] of Object.entries(topics)) {
    if (only !== undefined && !only.includes(name)) continue;
    say(`measuring ${name}…\n`);
    await using site = await Site.start(ROUND_TRIP_MS);
    yield* topic(site);
  }
}
