import { connect, type Socket } from 'node:net';

/**
 * Opens one request's connection to an SSH agent. When the attempt to log in ends, the connection is let go of
 * without a word, even if the agent still waits for its owner to touch a key: taken for an answer, the closing
 * would make ssh2 go on with an SSH connection that is gone.
 */
export function openAgentStream(
  socketPath: string,
  attempt: AbortSignal,
  callback: (error?: Error | null, stream?: Socket) => void,
): void {
  const stream = connect(socketPath);
  const letGo = () => {
    stream.removeAllListeners();
    stream.on('error', () => {});
    stream.destroy();
  };
  attempt.addEventListener('abort', letGo, { once: true });
  stream.once('close', () => attempt.removeEventListener('abort', letGo));
  stream.once('error', callback);
  stream.once('connect', () => {
    stream.off('error', callback);
    callback(null, stream);
  });
}
