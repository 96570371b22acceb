import { homedir, userInfo } from 'node:os';

/** What beside ssh_config decides how it reads: whose files, which variables. */
export interface Surroundings {
  /** Environment variables. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** What `~` means: `HOME`, else the home of the passwd entry. */
  readonly home: string;
  /** What OpenSSH takes for the home whatever `HOME` says. */
  readonly passwdHome: string;
  readonly localUser: string;
  readonly localUserId: number;
  /** Read instead of `~/.ssh/config` and the system's. */
  readonly configFile?: string;
  readonly signal?: AbortSignal;
}

/** The surroundings of this process's user. */
export function surroundingsOf(
  variables: Surroundings['variables'],
  {
    configFile,
    signal,
  }: { readonly configFile?: string | undefined; readonly signal?: AbortSignal | undefined },
): Surroundings {
  const user = userInfo();
  return {
    variables,
    home: variables['HOME'] || user.homedir || homedir(),
    passwdHome: user.homedir,
    localUser: user.username,
    localUserId: user.uid,
    ...(configFile !== undefined && { configFile }),
    ...(signal !== undefined && { signal }),
  };
}
