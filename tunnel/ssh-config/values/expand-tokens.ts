import { createHash } from 'node:crypto';
import { hostname as machineName } from 'node:os';
import { TunnelError } from '../../errors.js';
import type { SshEnvironment } from '../environment.js';
import { expandTilde } from './expand-tilde.js';

/** The values of ssh_config tokens, by the letter after `%`. */
export type Tokens = Readonly<Record<string, string | undefined>>;

/** The host that tokens are expanded for. */
export interface TokenSubject {
  /** As typed. */
  readonly alias: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly hostKeyAlias?: string | undefined;
}

/** Tokens of ProxyCommand and ProxyJump. */
export function connectionTokens({ alias, host, port, user }: TokenSubject): Tokens {
  return { h: host, n: alias, p: String(port), r: user };
}

/** Tokens of file names. */
export function fileTokens(subject: TokenSubject, sshEnvironment: SshEnvironment): Tokens {
  const local = machineName();
  const { host, port, user, alias, hostKeyAlias = alias } = subject;
  return {
    ...connectionTokens(subject),
    C: createHash('sha1').update(`${local}${host}${port}${user}`).digest('hex'),
    L: local.split('.')[0] ?? local,
    l: local,
    d: sshEnvironment.home,
    i: String(sshEnvironment.localUserId),
    u: sshEnvironment.localUser || undefined,
    k: hostKeyAlias,
    j: '',
  };
}

/** @throws TunnelError `bad-destination` for an unknown token, like OpenSSH */
export function expandTokens(text: string, tokens: Tokens, host: string): string {
  return text.replace(/%(.?)/gs, (_, letter: string) => tokenValue(letter, { text, tokens, host }));
}

/** A file name of ssh_config with its `~`, tokens and `${VARIABLES}` replaced; undefined when a variable is missing. */
export function expandFile(
  text: string,
  tokens: Tokens,
  { home, variables }: SshEnvironment,
  host: string,
): string | undefined {
  const fromHome = expandTilde(text, home) ?? text;
  let isComplete = true;
  // In one pass: the value of a variable is not expanded again.
  const expanded = fromHome.replace(
    /%(.?)|\$\{([^}]*)(\}?)/gs,
    (_, letter: string | undefined, name: string | undefined, end: string | undefined) => {
      if (letter !== undefined) return tokenValue(letter, { text, tokens, host });
      const value = variables[name ?? ''];
      if (value === undefined || !name || end === '') isComplete = false;
      return value ?? '';
    },
  );
  return isComplete ? expanded : undefined;
}

function tokenValue(
  letter: string,
  { text, tokens, host }: { readonly text: string; readonly tokens: Tokens; readonly host: string },
): string {
  const value = letter === '%' ? '%' : tokens[letter];
  if (value !== undefined) return value;
  throw new TunnelError(
    'bad-destination',
    host,
    `ssh_config uses "%${letter}" in "${text}" for ${host}, where it has no meaning. Write %% for a percent sign.`,
  );
}
