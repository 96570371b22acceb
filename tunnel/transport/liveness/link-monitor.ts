import type { Log } from '../../../base/log.js';
import { formatDestination } from '../../parse-destination.js';
import type { ResolvedDestination } from '../../ssh-config/resolved-destination.js';
import { LinkSessions, type RunWarmUp } from '../link-sessions.js';
import type { DialOptions } from '../transport.js';
import { Keepalive } from './keepalive.js';
import { LivenessProbe, type Probe } from './liveness-probe.js';
import { quirksOf } from './server-quirks.js';

/** What a transport provides to monitor its link. */
export interface LinkMonitorSetup extends DialOptions {
  readonly destination: ResolvedDestination;
  /** In order of preference. */
  readonly probes: readonly Probe[];
  readonly runWarmUp: RunWarmUp;
  /** `true` when the host may be gone, `false` when it is heard again. */
  readonly onDoubt: (isInDoubt: boolean) => void;
  /** The host counts as gone. */
  readonly onSilent: () => void;
  /** Only TCP can tell whether this host is gone. */
  readonly onMute?: (() => void) | undefined;
}

/** Keeps watch over a logged-in connection, with the probes and sessions that its server tolerates. */
export class LinkMonitor {
  readonly sessions: LinkSessions;
  readonly #keepalive: Keepalive;
  readonly #probe: LivenessProbe;
  readonly #host: string;
  readonly #log: Log | undefined;
  #isLeft = false;

  constructor(setup: LinkMonitorSetup) {
    const { destination, probes, runWarmUp, onDoubt, onSilent } = setup;
    this.#host = formatDestination(destination);
    this.#log = setup.log;
    const quirks = quirksOf(destination);
    this.sessions = new LinkSessions(quirks, runWarmUp);
    const onMute = () => {
      this.#log?.('info', `${this.#host} does not answer keepalives: only TCP can tell whether it is gone.`);
      setup.onMute?.();
    };
    this.#probe = new LivenessProbe({ probes: probes, quirks, onMute });
    this.#keepalive = new Keepalive({
      intervalMs: setup.keepaliveIntervalMs,
      countMax: setup.keepaliveCountMax,
      clock: setup.clock,
      firstProbe: () => this.#probe.introduce(),
      probe: () => this.#probe.send(),
      isConclusive: () => this.#probe.isConclusive,
      onDoubt,
      onSilent,
    });
  }

  /** The host sent something. */
  heard(): void {
    this.#probe.heard();
    this.#keepalive.heard();
  }

  /** The connection is given up because the host is silent. */
  gaveUp(): void {
    this.#probe.gaveUp();
    this.closing();
  }

  /** The connection is about to be closed from this side. */
  closing(): void {
    this.#isLeft = true;
    this.#keepalive.close();
  }

  /** The connection is gone; if it was not closed from this side, the server or the network ended it. */
  ended(): void {
    this.#keepalive.close();
    this.sessions.ended();
    if (this.#isLeft) return;
    this.#probe.ended();
    if (!this.sessions.recordEnd()) return;
    this.#log?.(
      'info',
      `${this.#host} dropped the connection because of the warm-up session: it will not get one again.`,
    );
  }
}
