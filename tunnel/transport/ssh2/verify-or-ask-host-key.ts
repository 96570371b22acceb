import { fingerprintOf, keyType, parsePublicKey } from '../../../base/key-formats/parse-public-key.js';
import type { Log } from '../../../base/log.js';
import { TunnelError } from '../../errors.js';
import { errorCode } from '../../files/system-error-code.js';
import { addKnownHost } from '../../host-key/add-known-host.js';
import { actionForUnknownKey, canStoreHostKey, type HostKeyTrust } from '../../host-key/decide-host-key.js';
import type { KnownHostsLine } from '../../host-key/known-hosts.js';
import { type HostKeyVerification, verifyHostKey } from '../../host-key/verify-host-key.js';
import { formatDestination } from '../../parse-destination.js';
import type { PausableTimeout } from '../../pausable-timeout.js';
import type { Put, Questions } from '../../question-queue.js';
import type { ResolvedDestination } from '../../ssh-config/resolved-destination.js';

export interface HostKeyVerifierOptions {
  /** Without it, unknown keys are refused instead of asking a person. */
  readonly questions?: Questions | undefined;
  readonly timeLimit?: PausableTimeout | undefined;
  readonly signal: AbortSignal;
  /** Told why the key was refused: a TunnelError, or whatever a question rejected with. */
  readonly onRefused: (reason: unknown) => void;
  readonly log?: Log | undefined;
}

/** Verifies the host's key for one connection, asks a person if necessary, and stores an accepted key. */
export class HostKeyVerifier {
  /** For ssh2. */
  readonly verifier: (key: Buffer, answer: (isAccepted: boolean) => void) => void;
  readonly #trust: HostKeyTrust;
  readonly #destination: ResolvedDestination;
  readonly #options: HostKeyVerifierOptions;
  #toStore: Buffer | undefined;

  constructor(trust: HostKeyTrust, destination: ResolvedDestination, options: HostKeyVerifierOptions) {
    this.#trust = trust;
    this.#destination = destination;
    this.#options = options;
    this.verifier = answerOnce((key) => this.#decide(key), options);
  }

  /** Call this once the host has proven that it owns the key; before that, anybody can present any key. */
  async proven(): Promise<void> {
    const key = this.#toStore;
    this.#toStore = undefined;
    const [file] = this.#destination.knownHostsFiles;
    if (key === undefined || file === undefined) return;
    const { log } = this.#options;
    const { name } = this.#trust.known;
    try {
      await addKnownHost(file, name, key, { hashed: this.#destination.hashKnownHosts });
      log?.('warn', `Added ${name} with the ${keyType(key)} host key ${fingerprintOf(key)} to ${file}.`);
    } catch (error) {
      // The decision still counts for this connection, as with OpenSSH.
      const isInFile = errorCode(error) === 'ENOTDIR';
      const said = error instanceof Error ? error.message : String(error);
      const problem = isInFile ? 'part of that path is not a directory' : said;
      log?.('warn', `Could not add the host key of ${name} to ${file}: ${problem}.`);
    }
  }

  #decide(key: Buffer): HostKeyVerification | Promise<HostKeyVerification> {
    const verification = verifyHostKey(key, this.#trust);
    if (verification.accepted) this.#options.log?.('debug', describeVerifiedKey(key, this.#trust));
    if (verification.accepted || verification.error.code !== 'host-key-unknown') return verification;
    const { strictHostKeyChecking, batchMode } = this.#destination;
    const { questions } = this.#options;
    const reaction = actionForUnknownKey({
      strictness: strictHostKeyChecking,
      canStore: parsePublicKey(key) !== undefined && canStoreHostKey(this.#destination),
      canAsk: questions !== undefined && !batchMode,
    });
    if (reaction === 'accept and store') return this.#accept(key);
    return reaction === 'ask' && questions ? this.#ask(key, questions, verification.error) : verification;
  }

  #accept(key: Buffer): HostKeyVerification {
    // In the form that OpenSSH would write.
    this.#toStore = parsePublicKey(key)?.key;
    return { accepted: true };
  }

  async #ask(key: Buffer, questions: Questions, unknown: TunnelError): Promise<HostKeyVerification> {
    const text = await describeUnknownKey(key, this.#trust);
    const isAccepted = await questions.converse(this.#options, (put) => this.#confirm(key, text, put));
    if (isAccepted) return this.#accept(key);
    const host = formatDestination(this.#destination);
    const fingerprint = fingerprintOf(key);
    const message = `Refused to talk to ${host}: you did not accept its ${keyType(key)} host key ${fingerprint}. Compare it with the output of "ssh-keygen -l -f" for the .pub file on the host, then connect again.`;
    return {
      accepted: false,
      error: new TunnelError('host-key-unknown', host, message, { fingerprint, cause: unknown }),
    };
  }

  /** Asks until the answer is clear, as OpenSSH does. */
  async #confirm(key: Buffer, question: string, put: Put): Promise<boolean> {
    const host = formatDestination(this.#destination);
    let text = question;
    for (;;) {
      const answer = (await put({ kind: 'host-key', host, text, echo: true }))?.trim();
      if (answer === undefined || /^(no)?$/i.test(answer)) return false;
      if (/^yes$/i.test(answer) || answer === fingerprintOf(key)) return true;
      text = "Please type 'yes', 'no' or the fingerprint: ";
    }
  }
}

/** By what a key was verified. */
function describeVerifiedKey(key: Buffer, { known, pins }: HostKeyTrust): string {
  const line = [...known.keys, ...known.keysWithoutPort].find((one) => one.key.equals(key));
  const where = pins === undefined && line !== undefined ? `in ${line.file}:${line.line}` : 'pinned';
  return `Verified ${known.name}: its ${keyType(key)} host key ${fingerprintOf(key)} is ${where}.`;
}

/** OpenSSH's question about an unknown key. */
async function describeUnknownKey(key: Buffer, { known, linesWith }: HostKeyTrust): Promise<string> {
  const sameKey = ((await linesWith?.(key)) ?? []).filter(
    ({ marker, isCertificate }) => marker === undefined && !isCertificate,
  );
  return [
    `The authenticity of host '${known.name}' can't be established.`,
    `${keyType(key)} key fingerprint is ${fingerprintOf(key)}.`,
    sameKey.length === 0
      ? 'This key is not known by any other names.'
      : `This key is known by other names: ${sameKey.map(nameAndPlace).join(', ')}.`,
    'Are you sure you want to continue connecting (yes/no/[fingerprint])? ',
  ].join('\n');
}

function nameAndPlace(line: KnownHostsLine): string {
  const name = line.hosts.startsWith('|') ? 'a hashed one' : Buffer.from(line.hosts, 'latin1').toString();
  return `${name} (${line.file}:${line.line})`;
}

/**
 * Adapts a verification to ssh2, which takes anything but `false` for a yes, asks again at each rekey, and needs that
 * answer immediately. So only the first answer may be asynchronous, because a person may have to be asked; answers are
 * always booleans, and a rekey may present only the key accepted first.
 *
 * @param options.onRefused is told why before the answer, also what `verify` rejected with
 * @param options.signal aborts when an answer would come too late: ssh2 fails on one to a connection that is gone
 */
export function answerOnce(
  verify: (key: Buffer) => HostKeyVerification | Promise<HostKeyVerification>,
  { onRefused, signal }: Pick<HostKeyVerifierOptions, 'onRefused' | 'signal'>,
): (key: Buffer, answer: (isAccepted: boolean) => void) => void {
  let accepted: Buffer | undefined;
  return (presented, answer) => {
    if (accepted !== undefined) {
      answer(accepted.equals(presented));
      return;
    }
    // ssh2 may reuse the memory while a person thinks.
    const key = Buffer.from(presented);
    const settle = (verification: HostKeyVerification) => {
      if (verification.accepted) accepted = key;
      else onRefused(verification.error);
      answer(verification.accepted);
    };
    const verification = verify(key);
    if (!(verification instanceof Promise)) {
      settle(verification);
      return;
    }
    verification.then(
      (one) => {
        if (!signal.aborted) settle(one);
      },
      (reason: unknown) => {
        onRefused(reason);
        if (!signal.aborted) answer(false);
      },
    );
  };
}
