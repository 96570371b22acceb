import { type UserInfo, userInfo } from 'node:os';

/** What else decides how ssh_config is read: the user and the variables. */
export interface SshEnvironment {
  /** Environment variables. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** What `~` means: `HOME`, else the home of the passwd entry. */
  readonly home: string;
  /** The home that OpenSSH uses, whatever `HOME` says; undefined without a passwd entry, where it does not run. */
  readonly passwdHome: string | undefined;
  /** Without a passwd entry `USER` or `LOGNAME`, else empty. */
  readonly localUser: string;
  readonly localUserId: number;
  /** Read instead of `~/.ssh/config` and the system's. */
  readonly configFile?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** How long `ssh` may take to read its files, in milliseconds; default 30,000. */
  readonly timeoutMs?: number | undefined;
}

/** The environment of this process's user. */
export function sshEnvironmentOf(
  variables: SshEnvironment['variables'],
  {
    configFile,
    signal,
    timeoutMs,
  }: {
    readonly configFile?: string | undefined;
    readonly signal?: AbortSignal | undefined;
    readonly timeoutMs?: number | undefined;
  },
): SshEnvironment {
  const user = passwdEntry();
  return {
    variables,
    home: variables['HOME'] || user?.homedir || '',
    passwdHome: user?.homedir,
    localUser: user?.username ?? (variables['USER'] || variables['LOGNAME'] || ''),
    localUserId: user?.uid ?? process.getuid?.() ?? -1,
    configFile,
    signal,
    timeoutMs,
  };
}

/** Undefined for a user without one, such as a bare number in a container. */
function passwdEntry(): UserInfo<string> | undefined {
  try {
    return userInfo();
  } catch {
    return undefined;
  }
}
