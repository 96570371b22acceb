import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parse } from 'yaml';
import { projectFolder } from '../../../fixtures/fleet/project-paths.js';

function readProject(file: string): Promise<string> {
  return readFile(path.join(projectFolder, file), 'utf8');
}

/** One way to run the recipe: its steps that are shell, without the first, which installs hawser, and what they find. */
export interface Recipe {
  readonly name: string;
  readonly steps: string;
  readonly env: NodeJS.ProcessEnv;
}

interface Step {
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** All of them. @param keys the directory of the keys `ssh` and `sign` */
export async function recipesFor(keys: string): Promise<Recipe[]> {
  const [github, gitlab, script, action, page] = await Promise.all(
    [
      'examples/ci/github.yml',
      'examples/ci/gitlab-ci.yml',
      'examples/ci/deploy.sh',
      'action.yml',
      'docs/ci.md',
    ].map(readProject),
  );
  for (const text of [github, gitlab, script])
    if (!page?.includes(text ?? '?')) throw new Error(`docs/ci.md shows another recipe than:\n${text}`);
  const [ssh, sign] = await Promise.all(['ssh', 'sign'].map((key) => readFile(path.join(keys, key), 'utf8')));
  const { version } = JSON.parse(await readProject('package.json'));
  const install = `npm install --global hawser@${version}`;
  const of = (name: string, [first, ...others]: readonly string[], env: NodeJS.ProcessEnv): Recipe => {
    if (first !== install) throw new Error(`${name} says ${first}`);
    return { name, steps: others.join('\n'), env };
  };
  const jobSteps: Step[] = parse(github ?? '').jobs.deploy.steps;
  const secrets = { HAWSER_SSH_KEY: ssh, HAWSER_SIGN_KEY: sign };
  return [
    of(
      'github',
      jobSteps.flatMap(({ run }) => run ?? []),
      secrets,
    ),
    of('gitlab', parse(gitlab ?? '').deploy.script, {}),
    actionRecipe(parse(action ?? ''), { directory: 'web', 'ssh-key': ssh, 'sign-key': sign }),
  ];
}

/** What a runner makes of the steps of the action. */
function actionRecipe(
  { inputs, runs }: { inputs: Record<string, { default?: string }>; runs: { steps: Step[] } },
  given: Readonly<Record<string, string | undefined>>,
): Recipe {
  const [, step = {}] = runs.steps;
  for (const { run = '' } of runs.steps) if (run.includes('${{')) throw new Error(`an input is run: ${run}`);
  const value = (text: string) => {
    const [, name = ''] = /^\$\{\{ inputs\.([a-z-]+) \}\}$/.exec(text) ?? [];
    return given[name] ?? inputs[name]?.default;
  };
  const env = Object.entries(step.env ?? {}).map(([name, text]) => [name, value(text)]);
  return {
    name: 'action',
    steps: step.run ?? '',
    env: { GITHUB_ACTION_PATH: projectFolder, ...Object.fromEntries(env) },
  };
}
