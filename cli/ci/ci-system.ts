/** A CI system whose log takes more than text. */
export type CiSystem = 'github' | 'gitlab';

/** In whose job we run; undefined outside of one. */
export function ciSystem(env: NodeJS.ProcessEnv): CiSystem | undefined {
  if (env['GITHUB_ACTIONS'] === 'true') return 'github';
  return env['GITLAB_CI'] === 'true' ? 'gitlab' : undefined;
}
