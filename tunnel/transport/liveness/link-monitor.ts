import type { Log } from '../../../base/log.js';
import { formatDestination } from '../../destination.js';
import type { ResolvedDestination } from '../../ssh-config/resolved-destination.js';
import { LinkSessions, type RunForNothing } from '../sessions.js';
import type { DialOptions } from '../transport.js';
import { Keepalive } from './keepalive.js';
import { LifeProbe, type Question } from './liveness-probe.js';
import { habitsOf } from './server-quirks.js';

/** What a transport lends to the life of its link. */
export interface LinkLifeSetup extends DialOptions {
  readonly destination: ResolvedDestination;
  /** Ways to make the host say something, in the order of preference. */
  readonly probes: readonly Question[];
  readonly runForNothing: RunForNothing;
  /** `true` when the host may be gone, `false` when it is heard again. */
  readonly onDoubt: (isInDoubt: boolean) => void;
  /** The host counts as gone. */
  readonly onSilent: () => void;
  /** Nothing tells of this host's end but TCP. */
  readonly onMute?: (() => void) | undefined;
}

/** What a logged-in connection does by itself, in the ways that its server bears: it looks whether the host is there. */
export class LinkLife {
  readonly sessions: LinkSessions;
  readonly #keepalive: Keepalive;
  readonly #probe: LifeProbe;
  readonly #host: string;
  readonly #log: Log | undefined;
  #isLeft = false;

  constructor(setup: LinkLifeSetup) {
    const { destination, probes, runForNothing, onDoubt, onSilent } = setup;
    this.#host = formatDestination(destination);
    this.#log = setup.log;
    const habits = habitsOf(destination);
    this.sessions = new LinkSessions(habits, runForNothing);
    const onMute = () => {
      this.#log?.('info', `${this.#host} answers no probe: only TCP will tell if it is gone.`);
      setup.onMute?.();
    };
    this.#probe = new LifeProbe({ questions: probes, habits, onMute });
    this.#keepalive = new Keepalive({
      intervalMs: setup.keepaliveIntervalMs,
      countMax: setup.keepaliveCountMax,
      clock: setup.clock,
      introduce: () => this.#probe.introduce(),
      probe: () => this.#probe.send(),
      isTelling: () => this.#probe.isTelling,
      onDoubt,
      onSilent,
    });
  }

  /** The host sent something. */
  heard(): void {
    this.#probe.heard();
    this.#keepalive.heard();
  }

  /** The connection is given up, for the host is silent. */
  gaveUp(): void {
    this.#probe.gaveUp();
    this.leave();
  }

  /** The connection is about to be ended from here. */
  leave(): void {
    this.#isLeft = true;
    this.#keepalive.close();
  }

  /** The connection is gone; unless that was begun here, its server or the network ended it. */
  ended(): void {
    this.#keepalive.close();
    this.sessions.ended();
    if (this.#isLeft) return;
    this.#probe.ended();
    if (!this.sessions.judgeEnd()) return;
    this.#log?.(
      'info',
      `${this.#host} ended the connection over a session of which nothing is wanted: it is not asked for one again.`,
    );
  }
}
