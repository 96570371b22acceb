/** Measures: `npm run bench -- TOPIC [--quick] [--json] [--only NAME,…]`. Says how it is; never fails for being slow. */
import { parseArgs } from 'node:util';
import { deployTopics } from './deploy/topics.js';
import { QUICK, THOROUGH } from './effort.js';
import { elasticTopics } from './elastic/topics.js';
import { fleetTopics } from './fleet/topics.js';
import { format, isMet, isMissedForSure } from './report.js';
import { scaleTopics } from './scale/topics.js';
import { tunnelTopics } from './tunnel/topics.js';
import { upTopics } from './up/topics.js';
import { worldTopics } from './world/topics.js';

const subjects = {
  tunnel: tunnelTopics,
  world: worldTopics,
  elastic: elasticTopics,
  up: upTopics,
  fleet: fleetTopics,
  deploy: deployTopics,
  scale: scaleTopics,
} as const;
type Subject = keyof typeof subjects;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean' }, json: { type: 'boolean' }, only: { type: 'string' } },
});
const [subject] = positionals;
if (positionals.length !== 1 || !isSubject(subject)) {
  const wanted = `npm run bench -- ${Object.keys(subjects).join('|')} [--quick] [--json] [--only calls,…]`;
  process.stderr.write(`Say what to measure: ${wanted}\n`);
  process.exit(2);
}
const say = (text: string) => process.stderr.write(text);
const only = values.only?.split(',');
const effort = values.quick ? QUICK : THOROUGH;
const checks = { met: 0, missed: 0, missedForSure: 0 };
for await (const topic of subjects[subject](effort, say, only)) {
  for (const check of topic.checks) {
    checks[isMet(check) ? 'met' : 'missed'] += 1;
    if (isMissedForSure(check)) checks.missedForSure += 1;
  }
  process.stdout.write(values.json ? `${JSON.stringify(topic)}\n` : format(topic));
}
say(
  `${checks.met} targets met, ${checks.missed} missed, ${checks.missedForSure} of them beyond what chance explains\n`,
);

function isSubject(name: string | undefined): name is Subject {
  return name !== undefined && Object.hasOwn(subjects, name);
}
