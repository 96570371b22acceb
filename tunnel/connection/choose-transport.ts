import { TunnelError } from '../errors.js';
import { errorCode } from '../files/system-error-code.js';
import { needsHostCertificate } from '../host-key/known-hosts.js';
import { readHostKeyTrust } from '../host-key/read-host-key-trust.js';
import { whyIdentityNeedsOpenSsh } from '../identity/identity-needs-openssh.js';
import { formatDestination } from '../parse-destination.js';
import { whyAgentNeedsOpenSsh } from '../ssh-agent/agent-key-needs-openssh.js';
import type { ResolvedDestination } from '../ssh-config/resolved-destination.js';
import { opensshTransport } from '../transport/openssh/openssh-transport.js';
import { type FallbackReason, fallbackReason } from '../transport/openssh-fallback-reason.js';
import { ssh2Transport } from '../transport/ssh2/ssh2-transport.js';
import type { DialOptions, Link, Transport } from '../transport/transport.js';

/** What speaks SSH: `ssh2` in this process, `openssh` with the system's `ssh`, `auto` with whichever a host needs. */
export type TransportName = 'auto' | 'ssh2' | 'openssh';

/** Hosts that ssh2 could not talk to, and why: reconnecting does not try it again. */
const learned = new WeakMap<ResolvedDestination, string>();

/** Uses the system's `ssh` where a host needs it, and logs that (`info`). */
const autoTransport: Transport = {
  async dial(destination, options) {
    const reason = learned.get(destination) ?? (await whyOpenSsh(destination, options.signal));
    if (reason !== undefined) return dialOpenSsh(destination, reason, options);
    const wish = await whyRatherOpenSsh(destination, options.signal);
    if (wish !== undefined) {
      try {
        return await dialOpenSsh(destination, wish, options);
      } catch (error) {
        if (!isWithoutProgram(error)) throw error;
        options.log?.('info', `${wish}, but there is no ssh program: continuing with ssh2.`);
      }
    }
    try {
      return await ssh2Transport.dial(destination, options);
    } catch (error) {
      const why = error instanceof TunnelError ? fallbackReason(error) : undefined;
      if (!(error instanceof TunnelError) || why === undefined) throw error;
      return dialBecauseOf(error, why, { destination, options });
    }
  },
};

function dialOpenSsh(destination: ResolvedDestination, reason: string, options: DialOptions): Promise<Link> {
  options.log?.('info', `Connecting to ${formatDestination(destination)} with OpenSSH's ssh: ${reason}.`);
  const needsOpenSsh = [...destination.needsOpenSsh, reason];
  return opensshTransport.dial({ ...destination, needsOpenSsh }, options);
}

/** Tries OpenSSH after ssh2 could not talk to the host; what OpenSSH refuses stays refused. */
async function dialBecauseOf(
  refusal: TunnelError,
  { reason, isCertain }: FallbackReason,
  { destination, options }: { readonly destination: ResolvedDestination; readonly options: DialOptions },
): Promise<Link> {
  try {
    const link = await dialOpenSsh(destination, reason, options);
    if (isCertain) learned.set(destination, reason);
    return link;
  } catch (error) {
    // There is no `ssh`, or it gets no further: then the error of ssh2 says the most.
    const saysNoMore =
      error instanceof TunnelError && ['bad-destination', 'unreachable'].includes(error.code);
    throw saysNoMore ? refusal : error;
  }
}

function isWithoutProgram(error: unknown): boolean {
  const cause = error instanceof TunnelError && error.code === 'bad-destination' ? error.cause : undefined;
  return errorCode(cause) === 'ENOENT';
}

/** Refuses hosts whose configuration ssh2 cannot honour. */
const ssh2OrNothing: Transport = {
  async dial(destination, options) {
    const reason = await whyOpenSsh(destination, options.signal);
    if (reason === undefined) return ssh2Transport.dial(destination, options);
    const host = formatDestination(destination);
    throw new TunnelError(
      'bad-destination',
      host,
      `Could not connect to ${host}: it needs OpenSSH's ssh (${reason}), but the ssh2 transport was requested. Use "auto".`,
    );
  },
};

const TRANSPORTS: Readonly<Record<TransportName, Transport>> = {
  auto: autoTransport,
  ssh2: ssh2OrNothing,
  openssh: opensshTransport,
};

export function chooseTransport(name: TransportName): Transport {
  return TRANSPORTS[name];
}

async function whyOpenSsh(
  destination: ResolvedDestination,
  signal: AbortSignal,
): Promise<string | undefined> {
  const [reason] = destination.needsOpenSsh;
  if (reason !== undefined) return reason;
  for (const host of [...destination.jumps, destination]) {
    const { pins, known } = await readHostKeyTrust(host, { signal });
    if (pins === undefined && needsHostCertificate(known)) {
      return `known_hosts knows ${known.name} only by a certificate authority`;
    }
    const identity = await whyIdentityNeedsOpenSsh(host, { signal });
    if (identity !== undefined) return identity;
  }
  return undefined;
}

/** Why OpenSSH is preferred, though ssh2 may do: used when there is an `ssh`. */
async function whyRatherOpenSsh(
  destination: ResolvedDestination,
  signal: AbortSignal,
): Promise<string | undefined> {
  for (const host of [...destination.jumps, destination]) {
    const { pins, known } = await readHostKeyTrust(host, { signal });
    // A host with a certificate may have keys that known_hosts does not list.
    if (pins === undefined && known.authorities.length > 0)
      return `known_hosts has a certificate authority for ${known.name}`;
    const reason = await whyAgentNeedsOpenSsh(host, { signal });
    if (reason !== undefined) return reason;
  }
  return undefined;
}
