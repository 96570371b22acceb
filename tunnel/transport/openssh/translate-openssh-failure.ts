import { TunnelError, type TunnelErrorCode } from '../../errors.js';
import { shorten } from '../../format-for-message.js';
import { unprovenError } from '../../host-key/host-key-errors.js';
import { tooOpenMessage } from '../../identity/key-permission-problem.js';
import { badIdentity } from '../../identity/read-identity-files.js';
import { type Destination, formatDestination } from '../../parse-destination.js';
import { CHECK_ADDRESS } from '../link-errors.js';
import {
  type AlgorithmOption,
  type Disagreement,
  noCommonAlgorithmError,
} from '../no-common-algorithm-error.js';

/** What `ssh` writes when it fails, what that means, and what to do about it. `ssh` gives no codes, only text. */
interface Failure {
  readonly text: RegExp;
  readonly code: TunnelErrorCode;
  /** Ends the sentence "Could not connect to HOST: …". */
  readonly problem: string;
  readonly advice: string;
  readonly wasDropped?: boolean | undefined;
  readonly brokeOff?: boolean | undefined;
}

const CHECK_KEY = 'Compare its fingerprint, then connect once with ssh, or pass --ssh-hostkey.';
/** A pin is for the destination, not for its jump hosts. */
const CHECK_KEY_OF_JUMP = 'Compare its fingerprint, then connect once with ssh.';
const CHECK_IDENTITY = 'Use a key that is in its authorized_keys, or add that key to your SSH agent.';

/** The first match counts. */
const FAILURES: readonly Failure[] = [
  {
    text: /^No user exists for uid|^You don't exist, go away/m,
    code: 'bad-destination',
    problem: 'the ssh program does not run for users without a passwd entry',
    advice: 'Add one for your user, or use the ssh2 transport.',
  },
  {
    text: /REVOKED HOST KEY DETECTED|is marked as revoked/,
    code: 'host-key-revoked',
    problem: 'its host key is revoked by a known_hosts file',
    advice: 'Give the host a new key; do not remove that line.',
  },
  {
    text: /REMOTE HOST IDENTIFICATION HAS CHANGED|Host key for .* has changed/,
    code: 'host-key-changed',
    problem: 'its host key is not the known one',
    advice:
      'Someone may be intercepting the connection; if the host was reinstalled, remove the old key with "ssh-keygen -R" and connect once with ssh.',
  },
  {
    text: /No .* host key is known for|Host key verification failed/,
    code: 'host-key-unknown',
    problem: 'its host key is not known',
    advice: CHECK_KEY,
  },
  {
    text: /Permission denied|Too many authentication failures|No more authentication methods|No supported authentication methods/,
    code: 'auth-failed',
    problem: 'it rejected the login',
    advice: CHECK_IDENTITY,
  },
  {
    text: /Could not resolve hostname/,
    code: 'unreachable',
    problem: 'there is no host with that name',
    advice: CHECK_ADDRESS,
  },
  {
    text: /Connection refused/,
    code: 'unreachable',
    problem: 'nothing is listening there (connection refused)',
    advice: CHECK_ADDRESS,
  },
  {
    text: /No route to host|Network is unreachable/,
    code: 'unreachable',
    problem: 'there is no route to the host',
    advice: CHECK_ADDRESS,
  },
  {
    text: /timed out|not responding/i,
    code: 'unreachable',
    problem: 'it did not answer',
    advice: CHECK_ADDRESS,
  },
  {
    text: /kex_exchange_identification|banner exchange|ssh_exchange_identification/,
    code: 'unreachable',
    problem: 'it hung up immediately (too many logins in progress, or not an SSH server)',
    advice: CHECK_ADDRESS,
    wasDropped: true,
  },
  {
    text: /Connection (?:closed|reset)|Broken pipe|Connection to .* closed/,
    code: 'unreachable',
    problem: 'it closed the connection during login',
    advice: CHECK_ADDRESS,
    brokeOff: true,
  },
  {
    text: /Bad configuration option|Bad owner or permissions|terminating, \d+ bad configuration|Can't open user config file|keyword .* extra arguments|Unsupported option|Bad .* spec/i,
    code: 'bad-destination',
    problem: 'its ssh_config cannot be used',
    advice: 'Fix the configuration.',
  },
];

/** The prefix of lines that LogVerbose adds. */
const FORCED = /^\S+\.c:\S+\(\):\d+(?: \(pid=\d+\))?: /gm;

/** What can be wrong with the host's signed answer in the key exchange. */
const UNPROVEN =
  /ssh_dispatch_run_fatal: .*: (incorrect signature|key type does not match|signature algorithm not supported|incomplete message|invalid format|unexpected bytes remain after decoding|error in libcrypto)$/m;

/** What `ssh` calls the algorithms that could not be negotiated, and the option that lists them. */
const DISAGREEMENTS = new Map<string, AlgorithmOption>([
  ['key exchange method', 'KexAlgorithms'],
  ['host key type', 'HostKeyAlgorithms'],
  ['cipher', 'Ciphers'],
  ['MAC', 'MACs'],
]);

/** What an unknown or a changed key means if there is a pin. */
const NOT_THE_PINNED_KEY: Omit<Failure, 'text'> = {
  code: 'host-key-changed',
  problem: 'it presented a different host key from the only one accepted',
  advice: 'Someone may be intercepting the connection; if the host has a new key, give that one instead.',
};

/** `isJump`: it is only on the route to another host. */
type FailedHost = Destination & { readonly isJump?: boolean | undefined };

/** Says why `ssh` did not log in, from what it wrote to its standard error. */
export function translateOpenSshFailure(destination: FailedHost, output: string): TunnelError {
  const host = formatDestination(destination);
  const said = output.replace(FORCED, '').trim();
  const disagreement = findDisagreement(said);
  if (disagreement) return noCommonAlgorithmError(destination, disagreement);
  const unproven = UNPROVEN.exec(said)?.[1];
  if (unproven !== undefined) return unprovenError(destination, new Error(unproven));
  const open = /^Permissions (0\d+) for '(.+)' are too open\.$/m.exec(said);
  if (open?.[1] !== undefined && open[2] !== undefined && /Permission denied/.test(said)) {
    return badIdentity(host, open[2], tooOpenMessage(open[2], open[1]), new Error(said));
  }
  const { code, problem, advice, wasDropped, brokeOff } = findFailure(destination, said);
  const fingerprint = /\bSHA256:[A-Za-z0-9+/]{43}/.exec(said)?.[0];
  const offending = /^Offending \S+ key in (.+):(\d+)$/m.exec(said);
  const where = offending ? ` (${offending[1]}:${offending[2]})` : '';
  return new TunnelError(code, host, `Could not connect to ${host}: ${problem}${where}. ${advice}`, {
    cause: new Error(said === '' ? 'ssh printed nothing.' : said),
    wasDropped,
    brokeOff,
    accepts: code === 'auth-failed' ? acceptedMethods(said) : undefined,
    fingerprint,
    file: offending?.[1],
    line: offending ? Number(offending[2]) : undefined,
  });
}

/** The methods in `Permission denied (publickey,password).` */
function acceptedMethods(said: string): string[] {
  const [, methods = ''] = /Permission denied \(([a-z,-]{1,200})\)/.exec(said) ?? [];
  return methods.split(',').filter(Boolean);
}

function findFailure(destination: FailedHost, said: string): Omit<Failure, 'text'> {
  const failure = FAILURES.find(({ text }) => text.test(said));
  const isWrongKey = failure?.code === 'host-key-unknown' || failure?.code === 'host-key-changed';
  if (failure && isWrongKey && destination.hostKey !== undefined) return NOT_THE_PINNED_KEY;
  if (failure?.code === 'host-key-unknown' && destination.isJump === true) {
    return { ...failure, advice: CHECK_KEY_OF_JUMP };
  }
  if (failure) return failure;
  const lastLine = said.split('\n').at(-1)?.trim() ?? '';
  const problem =
    lastLine === '' ? 'ssh exited without an error message' : `ssh reported "${shorten(lastLine)}"`;
  return { code: 'unreachable', problem, advice: CHECK_ADDRESS };
}

function findDisagreement(said: string): Disagreement | undefined {
  const [, kind = '', offer = ''] = /no matching (.+) found\. Their offer: (\S*)/.exec(said) ?? [];
  const option = DISAGREEMENTS.get(kind);
  return option && { option, offer: offer.split(',').filter(Boolean), cause: new Error(said) };
}
