import { shellWord } from '../../../tunnel/exec/shell-command.js';
import type { Check } from '../check.js';
import type { KeyFact } from '../facts/key-facts.js';
import type { LoginFact } from '../facts/login-fact.js';
import { type Finding, ok, wrong } from '../finding.js';
import { onHost, type Subject } from '../subject.js';

/** How many keys are told. */
const MOST_TOLD = 5;

/** Whether one of the keys, or an answer, opens the door. */
export const login: Check<LoginFact> = {
  name: 'login',
  title: 'login',
  isBeforeLogin: true,
  look: (patient) => patient.login(),
  judge(fact, subject): Finding {
    const { error, keys } = fact;
    if (error === undefined) {
      const usable = keys.filter(({ state }) => state === 'usable');
      return ok(
        `as ${subject.destination.user}${usable.length === 0 ? '' : `, with ${tell(usable.slice(0, 1))}`}`,
      );
    }
    if (error.code === 'bad-identity') return judgeBadIdentity(fact);
    return judgeCertificate(fact) ?? judgeMissingKeys(fact, subject) ?? judgeRefusal(fact, subject);
  },
};

function judgeBadIdentity({ error, keys }: LoginFact): Finding {
  const file = error?.file ?? '';
  const open = keys.find(({ name, state }) => name === file && state === 'too-open');
  if (open !== undefined) return tooOpen(open);
  return wrong(
    'bad-identity',
    error?.message ?? '',
    'Name a private key that can be used, with --ssh-id FILE.',
  );
}

function judgeCertificate({ keys, atMs }: LoginFact): Finding | undefined {
  const certificates = keys.flatMap(({ certificate }) => certificate ?? []);
  const expired = certificates.find(({ toMs }) => toMs <= atMs);
  if (expired !== undefined) {
    return wrong(
      'certificate-expired',
      `The SSH certificate ${expired.file} expired on ${day(expired.toMs)}: no host accepts it any more.`,
      'Have your key signed again by whoever runs your SSH authority.',
    );
  }
  const early = certificates.find(({ fromMs }) => fromMs > atMs);
  if (early === undefined) return undefined;
  return wrong(
    'certificate-not-yet',
    `The SSH certificate ${early.file} is valid only from ${day(early.fromMs)} on: the clock of this machine, or the one that signed it, is wrong.`,
    'Set the clock: timedatectl set-ntp true',
  );
}

function judgeMissingKeys(
  { keys, sshAgent, error }: LoginFact,
  { destination, place }: Subject,
): Finding | undefined {
  if (keys.some(({ state }) => state === 'usable') || isWithoutKeys(error?.accepts ?? [])) return undefined;
  const open = keys.find(({ state }) => state === 'too-open');
  if (open !== undefined) return tooOpen(open);
  const locked = keys.filter(({ state }) => state === 'locked');
  const [first] = locked;
  if (first !== undefined) {
    const agent =
      sshAgent === 'none' || sshAgent === 'unreachable'
        ? 'no SSH agent is running'
        : 'the SSH agent does not have it';
    const start = sshAgent === 'none' || sshAgent === 'unreachable' ? 'eval "$(ssh-agent)" && ' : '';
    return wrong(
      'key-locked',
      `The private key ${tell(locked)} is locked by a passphrase, ${agent}, and nobody was asked for it.`,
      `Unlock it once: ${start}ssh-add ${shellWord(first.name)}`,
    );
  }
  if (sshAgent === 'unreachable') {
    return wrong(
      'agent-unreachable',
      `There is no private key to log in to ${place} with: no key file is there, and the SSH agent at ${destination.agentSocket} does not answer.`,
      'Start the SSH agent again: eval "$(ssh-agent)" && ssh-add',
    );
  }
  const half = keys.find(({ state }) => state === 'no-private-half');
  const why =
    half === undefined
      ? 'this machine has none where ssh looks for them'
      : `of ${half.name} only the public half is here, and the SSH agent does not have it`;
  return wrong(
    'no-key',
    `There is no private key to log in to ${place} with: ${why}.`,
    `Name the key with --ssh-id FILE; or make one and have somebody who can log in add it to ~${destination.user}/.ssh/authorized_keys: ssh-keygen -t ed25519`,
  );
}

function judgeRefusal({ error, keys }: LoginFact, subject: Subject): Finding {
  const { place, destination } = subject;
  const accepts = error?.accepts ?? [];
  if (isWithoutKeys(accepts)) {
    return wrong(
      'no-public-keys',
      `${place} takes no keys, only ${accepts.join(' and ')}, and nobody was asked for that.`,
      `Run this in a terminal, which asks; or switch on PubkeyAuthentication in its sshd_config and run: ssh-copy-id ${subjectWord(subject)}`,
    );
  }
  const usable = keys.filter(({ state }) => state === 'usable');
  if (/no more attempts/.test(error?.message ?? '')) {
    return wrong(
      'too-many-keys',
      `${place} hung up before the right key could be offered: it had refused ${tell(usable)} (MaxAuthTries).`,
      `Offer it only the right one: add "IdentitiesOnly yes" below "Host ${destination.alias}" in ~/.ssh/config, with IdentityFile`,
    );
  }
  const others = keys.filter(({ state }) => state === 'locked');
  const locked = others.length === 0 ? '' : ` (${tell(others)} is locked and was not offered)`;
  return wrong(
    'login-refused',
    `${place} refused ${tell(usable)}${locked} for ${destination.user}: the key is not in ~${destination.user}/.ssh/authorized_keys there, others may write to that file, or its sshd does not let ${destination.user} in (DenyUsers, AllowUsers, PermitRootLogin).`,
    `From a machine that can log in, add the key: ssh-copy-id ${usable[0] === undefined ? '' : `-i ${shellWord(usable[0].name)} `}${subjectWord(subject)}; why sshd refused is in its log: journalctl -u ssh -n 20`,
  );
}

/** Whether a host said what it takes, and keys are not among that. */
function isWithoutKeys(accepts: readonly string[]): boolean {
  return accepts.length > 0 && !accepts.includes('publickey');
}

function tooOpen({ name, fingerprint }: KeyFact): Finding {
  return wrong(
    'key-too-open',
    `The private key ${name}${fingerprint === undefined ? '' : ` (${fingerprint})`} can be read by other users of this machine, so it is not used.`,
    `chmod 600 ${shellWord(name)}`,
  );
}

/** What ssh takes, for a command to copy. */
function subjectWord(subject: Subject): string {
  return onHost(subject, '').replace(/^ssh /, '').trim();
}

function tell(keys: readonly KeyFact[]): string {
  const told = keys
    .slice(0, MOST_TOLD)
    .map(({ name, fingerprint }) => (fingerprint === undefined ? name : `${name} (${fingerprint})`));
  if (keys.length > MOST_TOLD) told.push(`${keys.length - MOST_TOLD} more`);
  return told.join(', ') || 'what was offered';
}

function day(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
