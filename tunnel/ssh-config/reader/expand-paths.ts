import { configFileError } from '../config-errors.js';
import type { SshEnvironment } from '../environment.js';
import type { HostQuery } from '../host-options.js';
import { expandTilde } from '../values/expand-tilde.js';
import {
  expandFile,
  expandTokens,
  fileTokens,
  type TokenSubject,
  type Tokens,
} from '../values/expand-tokens.js';

/**
 * Expands `~`, tokens and variables in the options that hold paths.
 * @throws TunnelError `bad-destination` for a user, token or variable that does not exist
 */
export function expandPaths(
  options: Map<string, readonly string[]>,
  read: ReadonlyMap<string, readonly string[]>,
  {
    query: { host: alias },
    sshEnvironment,
  }: { readonly query: HostQuery; readonly sshEnvironment: SshEnvironment },
): void {
  const subject: TokenSubject = {
    alias,
    host: options.get('hostname')?.[0] ?? alias,
    port: Number(options.get('port')?.[0]),
    user: options.get('user')?.[0] ?? '',
    hostKeyAlias: options.get('hostkeyalias')?.[0],
  };
  const tokens = fileTokens(subject, sshEnvironment);
  const expand = (text: string) => expanded(text, { tokens, sshEnvironment, alias });
  for (const keyword of ['controlpath', 'identityagent']) {
    const [path] = options.get(keyword) ?? [];
    if (path !== undefined) options.set(keyword, [expand(path)]);
  }
  const command = options.get('remotecommand')?.[0];
  if (command !== undefined) expandTokens(command, tokens, alias);
  for (const keyword of ['userknownhostsfile', 'globalknownhostsfile']) {
    const files = read.get(keyword);
    if (files === undefined) continue;
    const isNone = files[0]?.toLowerCase() === 'none';
    options.set(keyword, [isNone ? '' : files.map(keyword.startsWith('user') ? expand : String).join(' ')]);
  }
}

function expanded(
  text: string,
  {
    tokens,
    sshEnvironment,
    alias,
  }: { readonly tokens: Tokens; readonly sshEnvironment: SshEnvironment; readonly alias: string },
): string {
  // The passwd entry's home, as `ssh -G` prints it.
  const path = expandTilde(text, sshEnvironment.home);
  const found = path === undefined ? undefined : expandFile(path, tokens, sshEnvironment, alias);
  if (found !== undefined) return found;
  throw configFileError('ssh_config', `"${text}" names a user or a variable that does not exist`);
}
