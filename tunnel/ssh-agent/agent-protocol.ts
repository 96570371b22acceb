import { connect } from 'node:net';
import { onAbort } from '../../base/abort.js';
import { FieldReader, sshString } from '../../base/key-formats/wire-fields.js';
import type { AgentKey } from '../identity/read-identity-files.js';

/** Messages of the SSH agent protocol (draft-ietf-sshm-ssh-agent). */
const SUCCESS = 6;
const REQUEST_IDENTITIES = 11;
const IDENTITIES_ANSWER = 12;

/** The longest reply that OpenSSH accepts. */
const MAX_REPLY_BYTES = 256 * 1024;

/**
 * All keys in an SSH agent, in its order.
 * @throws Error when the SSH agent cannot be reached or does not follow the protocol
 */
export async function listAgentIdentities(
  socketPath: string,
  { signal }: { readonly signal: AbortSignal },
): Promise<AgentKey[]> {
  const reply = await request(socketPath, Buffer.from([REQUEST_IDENTITIES]), signal);
  if (reply[0] !== IDENTITIES_ANSWER) throw new Error('the SSH agent does not list its keys');
  const fields = new FieldReader(reply, 1);
  const keys: AgentKey[] = [];
  const count = fields.uint32() ?? 0;
  while (keys.length < count) {
    const publicKey = fields.string();
    const comment = fields.string();
    if (publicKey === undefined || comment === undefined)
      throw new Error('the SSH agent sent an incomplete answer');
    keys.push({ publicKey, comment: comment.toString('utf8') });
  }
  return keys;
}

/**
 * Sends a command to an SSH agent.
 * @throws Error when it refuses or cannot be reached
 */
export async function commandAgent(
  socketPath: string,
  message: Buffer,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  const reply = await request(socketPath, message, signal);
  if (reply[0] !== SUCCESS) throw new Error('the SSH agent refused');
}

function request(socketPath: string, message: Buffer, signal: AbortSignal): Promise<Buffer> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath);
    let received = Buffer.alloc(0);
    const settle = (finish: () => void) => {
      unlisten();
      socket.destroy();
      finish();
    };
    const unlisten = onAbort([signal], () => settle(() => reject(signal.reason)));
    socket.on('error', (error) => settle(() => reject(error)));
    socket.once('close', () => settle(() => reject(new Error('the SSH agent hung up'))));
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      const length = received.length < 4 ? 0 : received.readUInt32BE(0);
      if (length > MAX_REPLY_BYTES) settle(() => reject(new Error('the SSH agent sent too long an answer')));
      else if (length > 0 && received.length >= 4 + length)
        settle(() => resolve(received.subarray(4, 4 + length)));
    });
    socket.write(sshString(message));
  });
}
