import ssh2, { type AnyAuthMethod, type ParsedKey } from 'ssh2';
import { openAgentStream } from './agent-stream.js';
import { type Destination, formatDestination } from './destination.js';
import { badIdentity, type Identity } from './identities.js';
import type { Log } from './log.js';

/** How one connection logs in: what it offers a host, and what came of it. */
export class Ssh2Login {
  readonly #tried: string[] = [];
  readonly #offers: readonly Offer[];
  #accepts: readonly string[] = [];

  /**
   * @param signal aborts when we are logged in, or never will be
   * @throws TunnelError `bad-identity` for a key asked for that ssh2 cannot use
   */
  constructor(
    destination: Destination,
    identities: readonly Identity[],
    { signal, log }: { readonly signal: AbortSignal; readonly log?: Log | undefined },
  ) {
    this.#offers = identities.flatMap(
      (identity) => offer(identity, destination, { attempt: signal, log }) ?? [],
    );
  }

  /** Identities offered so far. */
  get tried(): readonly string[] {
    return this.#tried;
  }

  /** Authentication methods that the host would go on with. */
  get accepts(): readonly string[] {
    return this.#accepts;
  }

  /** For ssh2: offers each identity once, starting with a key, for probing with `none` would cost a round trip. */
  handler(): (accepts: readonly string[] | null) => AnyAuthMethod | false {
    const left = [...this.#offers];
    return (accepts) => {
      if (accepts) this.#accepts = accepts;
      const next = left.shift();
      if (next === undefined) return false;
      this.#tried.push(next.name);
      return next.method;
    };
  }
}

/** One identity as ssh2 is to try it. */
interface Offer {
  /** What to call it when the host refused it. */
  readonly name: string;
  readonly method: AnyAuthMethod;
}

function offer(
  identity: Identity,
  destination: Destination,
  { attempt, log }: { readonly attempt: AbortSignal; readonly log?: Log | undefined },
): Offer | undefined {
  const username = destination.user;
  if (identity.kind === 'agent') {
    const agent = new ssh2.OpenSSHAgent(identity.socketPath);
    agent.getStream = (callback) => openAgentStream(identity.socketPath, attempt, callback);
    return { name: 'agent', method: { type: 'agent', username, agent } };
  }
  const key = parse(identity, destination, log);
  return key && { name: identity.file, method: { type: 'publickey', username, key } };
}

function parse(
  { file, privateKey, isOptional }: Identity & { kind: 'file' },
  destination: Destination,
  log?: Log,
): ParsedKey | undefined {
  const key = ssh2.utils.parseKey(privateKey);
  if (!(key instanceof Error)) return key;
  const error = badIdentity(formatDestination(destination), file, `${key.message}`, key);
  if (!isOptional) throw error;
  log?.('debug', error.message);
  return undefined;
}
