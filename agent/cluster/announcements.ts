import {
  type Agent,
  type ClientWorld,
  CONVERGED_PATH,
  type HostCertificate,
  type HostHealth,
  type Log,
} from '../../world/internal.js';
import type { Presence } from '../presence.js';
import type { Converger } from '../track-convergence.js';
import { announceCertificate } from './announce-certificate.js';
import { announceHealth } from './health/announce-health.js';
import type { DataFolder } from './server/data-folder.js';
import type { ServerLauncher } from './server/server-launcher.js';

export interface AnnouncementsOptions {
  readonly world: ClientWorld;
  readonly agent: Agent;
  readonly folder: DataFolder;
  /** Undefined on a host that never runs a server. */
  readonly launcher: ServerLauncher | undefined;
  readonly converger: Converger;
  readonly log: Log;
}

/** What a host says of itself to the fleet beside its record: whether it is converged, how it is, its certificate. */
export class Announcements {
  readonly #options: AnnouncementsOptions;
  readonly #presence: Presence;
  readonly #isElected: () => boolean;
  #health: HostHealth = {};
  #certificate: HostCertificate | undefined;

  constructor(options: AnnouncementsOptions, presence: Presence, isElected: () => boolean) {
    this.#options = options;
    this.#presence = presence;
    this.#isElected = isElected;
  }

  /** How the host was when it was looked at last, which it is every ten seconds. */
  get health(): HostHealth {
    return this.#health;
  }

  /** The same of the certificate of its server; undefined where it has none. */
  get certificate(): HostCertificate | undefined {
    return this.#certificate;
  }

  /** Says what changes until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { world, agent, folder, launcher, log } = this.#options;
    const presence = this.#presence;
    const health = {
      ...{ hostname: agent.hostname, client: world.client, presence, folder: folder.folder, log },
      isElected: this.#isElected,
      onLook: (seen: HostHealth) => {
        this.#health = seen;
      },
    };
    const certificate = {
      ...{ agent, launcher, presence, log },
      onLook: (seen: HostCertificate) => {
        this.#certificate = seen;
      },
    };
    await Promise.all([
      this.#announceConverged(signal),
      announceCertificate(certificate, signal),
      announceHealth(health, signal),
    ]);
  }

  async #announceConverged(signal: AbortSignal): Promise<void> {
    const { agent, converger } = this.#options;
    const key = `${CONVERGED_PATH}${agent.hostname}`;
    for await (const converged of converger.changes({ signal })) this.#presence.set(key, String(converged));
  }
}
