import { appendFile } from 'node:fs/promises';
import { writeMarks, writeRemark } from '../output/write-output.js';
import type { CiSystem } from './ci-system.js';
import type { DeployStory } from './deploy-story.js';
import { describeFailures } from './describe-failures.js';
import { sectionEnd, sectionStart } from './gitlab-sections.js';
import { stepSummary } from './step-summary.js';
import { annotationLine, END_OF_GROUP, groupLine } from './workflow-commands.js';

/** GitLab wants to hear it again at the end; a job that watches two deploys watches one after the other. */
const SECTION = 'hawser_deploy';

/** Begins what can be folded in the log of the job. */
export function beginLogGroup(system: CiSystem | undefined, title: string, now: number): void {
  if (system === 'github') writeMarks([groupLine(title)]);
  if (system === 'gitlab') writeMarks([sectionStart({ name: SECTION, title }, now)]);
}

export function endLogGroup(system: CiSystem | undefined, now: number): void {
  if (system === 'github') writeMarks([END_OF_GROUP]);
  if (system === 'gitlab') writeMarks([sectionEnd({ name: SECTION, title: '' }, now)]);
}

/** Shows on the page of the run what went wrong. GitLab shows only its report. */
export function writeAnnotations(system: CiSystem | undefined, story: DeployStory): void {
  if (system === 'github') writeMarks(describeFailures(story).map(annotationLine));
}

/** Adds the deploy to the summary of the step, in GitHub Actions. It is no reason to fail. */
export async function writeStepSummary(env: NodeJS.ProcessEnv, story: DeployStory): Promise<void> {
  const file = env['GITHUB_STEP_SUMMARY'];
  if (env['GITHUB_ACTIONS'] !== 'true' || file === undefined || file === '') return;
  try {
    await appendFile(file, `${stepSummary(story)}\n`);
  } catch (error) {
    writeRemark(`hawser: the summary of the step cannot be written: ${(error as Error).message}`);
  }
}
