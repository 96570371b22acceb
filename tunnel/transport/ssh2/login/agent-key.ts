import type { Socket } from 'node:net';
import { connect } from 'node:net';
import ssh2, { type ParsedKey, type SignCallback, type SigningRequestOptions } from 'ssh2';
import { onAbort } from '../../../../base/abort.js';
import type { AgentKey } from '../../../identity/identity-files.js';

/** Whether ssh2 can offer a key of an agent: certificates, FIDO keys and the like are for OpenSSH alone. */
export function isUsableBySsh2({ publicKey }: AgentKey): boolean {
  return !(ssh2.utils.parseKey(publicKey) instanceof Error);
}

/** How a key signs, wherever its private half is. `hash` is for RSA. */
export type Sign = (data: Buffer, options: SigningRequestOptions) => Promise<Buffer>;

/** A key in an SSH agent; `attempt` aborts when the signature is of no use any more. */
export function signInAgent(socketPath: string, publicKey: Buffer, attempt: AbortSignal): Sign {
  return (data, options) =>
    new Promise((resolve, reject) => {
      agentAt(socketPath, attempt).sign(publicKey, data, options, (error, signature) => {
        if (signature) resolve(signature);
        else reject(error ?? new Error('the SSH agent gave no signature'));
      });
    });
}

/** One key, for ssh2 to offer: it asks no more than a signature, and only of a key that the host takes. */
export class OneKeyAgent extends ssh2.BaseAgent<ParsedKey> {
  readonly #publicKey: ParsedKey;
  readonly #sign: Sign;

  constructor(publicKey: ParsedKey, sign: Sign) {
    super();
    this.#publicKey = publicKey;
    this.#sign = sign;
  }

  override getIdentities(callback: (error: Error | undefined, keys: ParsedKey[]) => void): void {
    callback(undefined, [this.#publicKey]);
  }

  override sign(
    _publicKey: ParsedKey,
    data: Buffer,
    options: SigningRequestOptions | SignCallback,
    callback?: SignCallback,
  ): void {
    const reply = typeof options === 'function' ? options : callback;
    this.#sign(data, typeof options === 'function' ? {} : options).then(
      (signature) => reply?.(undefined, signature),
      (error: unknown) => reply?.(error instanceof Error ? error : new Error(String(error))),
    );
  }
}

function agentAt(socketPath: string, signal: AbortSignal): InstanceType<typeof ssh2.OpenSSHAgent> {
  const agent = new ssh2.OpenSSHAgent(socketPath);
  agent.getStream = (callback) => openAgentStream(socketPath, signal, callback);
  return agent;
}

/**
 * Opens one request's connection to an SSH agent. When the attempt to log in ends, the connection is let go of
 * without a word, even if the agent still waits for its owner to touch a key: taken for an answer, the closing
 * would make ssh2 go on with an SSH connection that is gone.
 */
function openAgentStream(
  socketPath: string,
  attempt: AbortSignal,
  callback: (error?: Error | null, stream?: Socket) => void,
): void {
  const stream = connect(socketPath);
  const unlisten = onAbort([attempt], () => {
    stream.removeAllListeners();
    stream.on('error', () => {});
    stream.destroy();
  });
  stream.once('close', unlisten);
  stream.once('error', callback);
  stream.once('connect', () => {
    stream.off('error', callback);
    callback(null, stream);
  });
}
