import type { Reach } from '../../tunnel/forward/forward-target.js';
import type { FleetHost } from '../fleet/file/fleet.js';
import type { SudoPasswords } from '../setup/host/sudo-passwords.js';
import { reachByBridge } from './reach-by-bridge.js';

/** How etcd's socket on a host is reached: SSH forwards it, or a bridge runs there. */
export type WayKind = 'socket' | 'bridge';

/** How a host that is being set up is entered. That may become clear only after its connection was made. */
export class EtcdWay {
  /** Undefined while it is not known: then SSH is to forward the socket. */
  kind: WayKind | undefined;
  readonly #asUser: Reach;
  readonly #bySudo: Reach;
  #usesSudo: boolean;

  /** @param login whom SSH logs in; root needs no sudo */
  constructor(
    { name, sudo = false, bridge = false }: Pick<FleetHost, 'name' | 'sudo' | 'bridge'>,
    login: { readonly user: string; readonly passwords: SudoPasswords },
  ) {
    const host = { host: name, user: login.user };
    this.#asUser = reachByBridge({ ...host, sudo: false }, login.passwords);
    this.#bySudo = reachByBridge({ ...host, sudo: login.user !== 'root' }, login.passwords);
    this.#usesSudo = sudo;
    this.kind = sudo || bridge ? 'bridge' : undefined;
  }

  /** From here on by a bridge that sudo runs. */
  useSudo(): void {
    this.#usesSudo = true;
    this.kind = 'bridge';
  }

  /** For the connection to the host. */
  readonly reach: Reach = (target) => {
    if (this.kind !== 'bridge') return target;
    return (this.#usesSudo ? this.#bySudo : this.#asUser)(target);
  };
}
