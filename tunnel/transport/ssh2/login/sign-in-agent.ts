import type { Socket } from 'node:net';
import { connect } from 'node:net';
import ssh2, { type ParsedKey, type SignCallback, type SigningRequestOptions } from 'ssh2';
import { onAbort } from '../../../../base/abort.js';
import type { AgentKey } from '../../../identity/read-identity-files.js';

/** Whether ssh2 can offer a key of an SSH agent: certificates and FIDO keys, for example, need OpenSSH. */
export function isUsableBySsh2({ publicKey }: AgentKey): boolean {
  return !(ssh2.utils.parseKey(publicKey) instanceof Error);
}

/** Signs with a key, wherever its private half is. `hash` is for RSA. */
export type Sign = (data: Buffer, options: SigningRequestOptions) => Promise<Buffer>;

/** Signs with a key in an SSH agent; `attempt` aborts when the signature is no longer needed. */
export function signInAgent(socketPath: string, publicKey: Buffer, attempt: AbortSignal): Sign {
  return (data, options) =>
    new Promise((resolve, reject) => {
      agentAt(socketPath, attempt).sign(publicKey, data, options, (error, signature) => {
        if (signature) resolve(signature);
        else reject(error ?? new Error('the SSH agent gave no signature'));
      });
    });
}

/** An agent with one key, for ssh2 to offer; it is asked to sign only if the host accepts the key. */
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
 * Opens the connection of one request to an SSH agent. When the login attempt ends, the connection is dropped silently,
 * even if the SSH agent is still waiting for its owner to touch a key: ssh2 would take the close for an answer and
 * continue with an SSH connection that is gone.
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
