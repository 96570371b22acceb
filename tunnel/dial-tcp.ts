import { connect, type Socket, type TcpNetConnectOpts } from 'node:net';

/** For hosts with several addresses; Node's 250 ms gives up on far ones. */
const NEXT_ADDRESS_AFTER_MS = 1_000;

/** How long one attempt may stay unanswered before another is made beside it. */
const NEXT_ATTEMPT_AFTER_MS = 500;

/**
 * Connects, and makes sure of a fresh attempt twice a second while nothing answers: TCP by itself asks again after 1, 3
 * and 7 s, so that a network which is back would be noticed seconds late. Attempts beside the first are replaced,
 * which makes two at most.
 *
 * @throws what the first attempt fails with; aborting leaves nothing
 */
export function dialTcp(
  address: Pick<TcpNetConnectOpts, 'host' | 'port' | 'family'>,
  { signal }: { readonly signal: AbortSignal },
): Promise<Socket> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const settled = new AbortController();
    const attempt = (): Socket => {
      const socket = connect({
        ...address,
        noDelay: true,
        autoSelectFamilyAttemptTimeout: NEXT_ADDRESS_AFTER_MS,
      });
      socket.once('connect', () => settle(socket));
      return socket;
    };
    const first = attempt();
    let second: Socket | undefined;
    const timer = setInterval(() => {
      second?.destroy();
      // Where this one fails the first does too, or still waits.
      second = attempt().on('error', () => {});
    }, NEXT_ATTEMPT_AFTER_MS);
    const fail = (error: unknown) => {
      settle();
      reject(error);
    };
    const settle = (winner?: Socket) => {
      settled.abort();
      clearInterval(timer);
      first.off('error', fail);
      // Whoever takes the winner over listens by itself; the others are of no interest.
      for (const socket of [first, second]) {
        if (socket === winner) continue;
        socket?.on('error', () => {});
        socket?.destroy();
      }
      if (winner) resolve(winner);
    };
    first.once('error', fail);
    signal.addEventListener('abort', () => fail(signal.reason), { signal: settled.signal });
  });
}
