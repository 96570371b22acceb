import { channel, tracingChannel } from 'node:diagnostics_channel';

/** `hawser:connect`: one attempt to connect and log in to a destination, of which several may be under way. */
export interface ConnectTrace {
  /** `user@host:port` */
  readonly destination: string;
  /** The hosts on the way, in order. */
  readonly jumps: readonly string[];
}

/** `hawser:forward`: one connection to a forward, until it leads to its target or is refused. */
export interface ForwardTrace {
  /** The SSH host: `user@host:port`. */
  readonly host: string;
  /** Where the forward leads: an address, or the path of a socket. */
  readonly target: string;
}

/** `hawser:call`: one call to etcd with all of its attempts. Values are not in it. */
export interface CallTrace {
  /** What it does, in words that complete "Could not …". */
  readonly operation: string;
  readonly kind: 'read' | 'repeatable' | 'once';
  readonly key?: string | undefined;
  /** The endpoint of the newest attempt; absent before the first. */
  endpoint?: string | undefined;
  /** How often it was tried so far. */
  attempts: number;
}

/** `hawser:deploy`: an agent brings one app of its host to a deploy. How that ended is the `state` of its `result`. */
export interface DeployTrace {
  readonly app: string;
  readonly deploy: number;
}

/** `hawser:deploy-step`: a step of that begins. A plain channel, not one for tracing. */
export interface DeployStepTrace extends DeployTrace {
  readonly step: string;
  /** `waiting` if it waits for its turn. */
  readonly state: string;
}

interface Traces {
  readonly 'hawser:connect': ConnectTrace;
  readonly 'hawser:forward': ForwardTrace;
  readonly 'hawser:call': CallTrace;
  readonly 'hawser:deploy': DeployTrace;
}

const channels = new Map<string, ReturnType<typeof tracingChannel<object>>>();

/**
 * Does something that subscribers of `node:diagnostics_channel` can follow. Without subscribers, that costs a look into a map.
 *
 * @param describe makes the context, which subscribers get and `act` may complete
 */
export function traced<Name extends keyof Traces, T>(
  name: Name,
  describe: () => Traces[Name],
  act: (context: Traces[Name] | undefined) => Promise<T>,
): Promise<T> {
  const found = channels.get(name) ?? tracingChannel<object>(name);
  channels.set(name, found);
  if (!found.hasSubscribers) return act(undefined);
  const context = describe();
  return found.tracePromise(() => act(context), context);
}

/** Tells whoever wants to know that a step of a deploy begins. */
export function tellDeployStep(describe: () => DeployStepTrace): void {
  const steps = channel('hawser:deploy-step');
  if (steps.hasSubscribers) steps.publish(describe());
}
