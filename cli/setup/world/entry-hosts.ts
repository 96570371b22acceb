import type { Log } from '../../../base/log.js';
import type { ClientWorld } from '../../../world/client-world.js';
import { CliError } from '../../errors.js';
import type { Fleet } from '../../fleet/file/fleet.js';
import type { HostFacts } from '../facts/host-facts.js';
import type { HostShell } from '../host/host-shell.js';
import { openFleetWorld } from './open-fleet-world.js';

/** A host that we are logged in to, and what is there. */
export interface PossibleWay {
  readonly host: { readonly name: string };
  readonly shell: HostShell;
  readonly facts: Pick<HostFacts, 'agent' | 'groupMembers'>;
}

/** The hosts through which the World of a fleet can be entered. */
export class WaysIn {
  readonly #ways: readonly PossibleWay[];
  readonly #fleet: Pick<Fleet, 'name' | 'id' | 'namespace'>;
  readonly #options: { readonly log: Log; readonly signal: AbortSignal };

  constructor(
    seen: readonly PossibleWay[],
    fleet: Pick<Fleet, 'name' | 'id' | 'namespace'>,
    options: { readonly log: Log; readonly signal: AbortSignal },
  ) {
    this.#ways = seen.filter(mayEnter);
    this.#fleet = fleet;
    this.#options = options;
  }

  /** Whether there is any. */
  get isOpen(): boolean {
    return this.#ways.some(({ facts }) => facts.agent.servesEtcd || facts.agent.hasClusterData);
  }

  /** Through the etcd of this host, which may not run; undefined where we may not use its socket. */
  async through(name: string): Promise<ClientWorld | undefined> {
    const way = this.#ways.find(({ host }) => host.name === name);
    return way && openFleetWorld(way.shell, this.#fleet, this.#options);
  }

  /** Through a host that serves while another one is restarted; through the same one where there is no other. */
  around(name: string): Promise<ClientWorld> {
    const serving = this.#ways.filter(({ facts }) => facts.agent.servesEtcd);
    const ways = serving.length > 0 ? serving : this.#ways.filter(({ facts }) => facts.agent.hasClusterData);
    const way = ways.find(({ host }) => host.name !== name) ?? ways[0];
    if (way !== undefined) return openFleetWorld(way.shell, this.#fleet, this.#options);
    throw new CliError(
      'unreachable',
      `No host of the fleet ${this.#fleet.name} that serves can be entered, so ${name} is not restarted.`,
    );
  }
}

function mayEnter({ shell, facts }: PossibleWay): boolean {
  return shell.sudo === 'root' || facts.groupMembers?.includes(shell.user) === true;
}
