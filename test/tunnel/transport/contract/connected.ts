import { once, setMaxListeners } from 'node:events';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import type { RemoteCommand } from '../../../../tunnel/exec/remote-command.js';
import type { Pty, SessionProgram } from '../../../../tunnel/exec/session-program.js';
import type { ChannelTarget } from '../../../../tunnel/forward/forward-target.js';
import { TunnelError, type TunnelErrorCode } from '../../../../tunnel/index.js';
import type { ResolvedDestination } from '../../../../tunnel/ssh-config/resolved-destination.js';
import type { DialOptions, Link } from '../../../../tunnel/transport/transport.js';

export const never: AbortSignal = new AbortController().signal;
// Many channels are opened at once with it.
setMaxListeners(0, never);

export type Dial = (destination: ResolvedDestination, options?: Partial<DialOptions>) => Promise<Link>;

/** A link that is closed with its scope. */
export class Connected implements AsyncDisposable {
  readonly link: Link;

  constructor(link: Link) {
    this.link = link;
  }

  open(target: ChannelTarget): Promise<Duplex> {
    return this.link.openChannel(target, { signal: never });
  }

  exec(program: SessionProgram, pty?: Pty): Promise<RemoteCommand> {
    return this.link.exec(program, { signal: never, pty });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.link.close();
  }
}

export async function connected(
  dial: Dial,
  destination: ResolvedDestination,
  options: Partial<DialOptions> = {},
): Promise<Connected> {
  return new Connected(await dial(destination, options));
}

export async function refusal(t: ExecutionContext, opening: Promise<Duplex>): Promise<TunnelError> {
  const error = await t.throwsAsync(opening, { instanceOf: TunnelError });
  t.is(error.code, 'forward-refused');
  return error;
}

export async function dialFails(
  t: ExecutionContext,
  dialling: Promise<Link>,
  code: TunnelErrorCode,
): Promise<void> {
  const error = await t.throwsAsync(dialling, { instanceOf: TunnelError });
  t.is(error.code, code, error.message);
}

export async function readAll(stream: Duplex): Promise<Buffer> {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  if (!stream.readableEnded) await once(stream, 'end');
  return Buffer.concat(chunks);
}

/** Settles when a stream is closed, with or without an error. */
export function closing(stream: Duplex): Promise<void> {
  return new Promise((resolve) => stream.once('close', () => resolve()));
}

/** A number once it has stood still for a while. */
export async function settled(read: () => number): Promise<number> {
  const deadline = Date.now() + 20_000;
  let last = Number.NaN;
  let sameFor = 0;
  while (sameFor < 5 && Date.now() < deadline) {
    const now = read();
    sameFor = now === last ? sameFor + 1 : 0;
    last = now;
    await delay(60);
  }
  return last;
}
