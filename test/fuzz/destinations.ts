import { execFile } from 'node:child_process';
import { isIPv4 } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { parseDestination, TunnelError } from '../../tunnel/index.js';
import {
  formatDestination,
  type NamedDestination,
  parseNamedDestination,
} from '../../tunnel/parse-destination.js';
import { refusesWith, topic } from './topic.js';

const piece = fc.constantFrom(
  'ssh://',
  'SSH://',
  'me',
  'a.b',
  '@',
  ':',
  '22',
  '0',
  '65536',
  '[::1]',
  '::1',
  '[',
  ']',
  '/',
  '?hostkey=',
  'SHA256:x',
  '%',
  '%41',
  '%00',
  '-',
  '-oProxyCommand=x',
  '\n',
  ' ',
  '\0',
  'é',
  '*',
  '$(x)',
  '`',
  '#',
  '&',
  '\\',
  '\u202e',
);
const text = fc.oneof(
  { weight: 4, arbitrary: fc.array(piece, { maxLength: 7 }).map((parts) => parts.join('')) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
);

/** Who OpenSSH says that it would connect to. */
async function judge({ user = 'me', host, port = 22 }: NamedDestination): Promise<string> {
  const args = ['-G', '-F', 'none', '-l', user, '-p', String(port), '--', host];
  const stdout = await new Promise<string>((resolve, reject) => {
    execFile('ssh', args, (error, out) => (error === null ? resolve(out) : reject(error)));
  });
  const value = (keyword: string) => new RegExp(`^${keyword} (.*)$`, 'm').exec(stdout)?.[1];
  return `${value('user')}@${value('hostname')} ${value('port')}`;
}

/** Destinations as people type them: refused, or what OpenSSH can be handed as it is. */
export const destinations = topic(
  'destinations',
  text,
  async (given) => {
    const named = refusesWith([TunnelError], () => parseNamedDestination(given));
    if (named === undefined) return 1;
    const { user = 'me', host, port = 22 } = named;
    if (/^-|\p{Cc}/u.test(host) || /^-|\p{Cc}/u.test(user))
      throw new Error('it would be taken for an option or end a line');
    const whole = { user, host, port };
    const again = parseDestination(formatDestination(whole), { defaultUser: 'nobody' });
    if (!isDeepStrictEqual(again, whole))
      throw new Error(`${formatDestination(whole)} is read as ${JSON.stringify(again)}`);
    // OpenSSH spells such addresses out: 22 is 0.0.0.22, and ::1%0 is ::1.
    if (host.includes('%') || (/^[\da-fx.]+$/i.test(host) && !isIPv4(host))) return 1;
    const theirs = await judge(named);
    const lower = (one: string) => one.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
    if (theirs !== `${user}@${host.includes(':') ? host : lower(host)} ${port}`)
      throw new Error(`OpenSSH would go to ${theirs}, we to ${JSON.stringify(named)}`);
    return 2;
  },
  { short: 80, long: 1_500 },
);
