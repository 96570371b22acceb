import type { EtcdVersion, HostKeyType } from '../fixtures/index.js';

/** How an sshd is configured: `default` is OpenSSH's own settings, but for passwords, which it does not take. */
export type SshdOption =
  | 'default'
  /** The algorithms of 2013, which a current `ssh` uses only if it is told to; {@link TestFleet.sshConfig} tells it. */
  | 'old'
  /** What hardening guides want: ed25519 alone, two sessions, forwards to port 2379 alone. */
  | 'hardened'
  /** The key, and then the password of the fleet by keyboard-interactive. */
  | 'two-factor'
  | {
      /** Lines for sshd_config; they override the fleet's own. */
      readonly config: string;
      /** Default `ed25519`. */
      readonly hostKeyType?: HostKeyType | undefined;
    };

/** Settings of one host, or of all that do not say otherwise. All but `sshd` need containers. */
export interface HostOptions {
  /** Who logs in; default `root`, and the user of this process where hosts are processes. With another, root cannot. */
  readonly user?: string | undefined;
  /** More users who may log in with the fleet's key; default none. */
  readonly users?: readonly string[] | undefined;
  /** What sudo wants from `user`: nothing (`free`), the fleet's password, or it refuses (`none`, the default). */
  readonly sudo?: 'none' | 'free' | 'password' | undefined;
  /** The name of the host through which alone this one is reached; default none. */
  readonly jump?: string | undefined;
  readonly sshd?: SshdOption | undefined;
  /** Whether systemd is process 1, with nothing else on the host than Debian, sshd and sudo; default false. */
  readonly systemd?: boolean | undefined;
  /** File systems of limited size, mount point to bytes; default none. */
  readonly disks?: Readonly<Record<string, number>> | undefined;
}

export interface NamedHostOptions extends HostOptions {
  /** Small letters, digits and hyphens. */
  readonly name: string;
}

/** What {@link startFleet} starts. Everything has a default. */
export interface StartFleetOptions extends HostOptions {
  /** How many (h1, h2…, at most 200), or their names, or their settings; default 1. */
  readonly hosts?: number | readonly (string | NamedHostOptions)[] | undefined;
  /** Whether hawser's agent runs on each, with an etcd server; default false. */
  readonly agents?: boolean | undefined;
  /** With agents: how many of them, from the first host on, may run an etcd server; default all. */
  readonly servers?: number | undefined;
  /** What hosts are made of; default `auto`: containers if docker or podman works here, else processes of this machine. */
  readonly backend?: 'auto' | 'containers' | 'processes' | undefined;
  /** Default: 3.4 in containers; the one of this machine, or 3.4, as processes. */
  readonly etcd?: EtcdVersion | undefined;
  /** The key that enters the hosts; default ed25519, not encrypted. */
  readonly key?:
    | { readonly type?: HostKeyType | undefined; readonly passphrase?: string | undefined }
    | undefined;
  /** Milliseconds that each round trip with each host takes longer; default 0. */
  readonly delayMs?: number | undefined;
  /** What {@link attachFleet} finds it by; no other running fleet of this user may have it. Default: its id alone. */
  readonly name?: string | undefined;
  /** Whether it outlives this process, until somebody attaches and closes it; default false. */
  readonly keep?: boolean | undefined;
  /** Receives what is installed, built or fetched first, which may take a minute; default: a line on stderr. */
  readonly onPrepare?: ((message: string) => void) | undefined;
  /** Ends the start: what runs already is removed, and the promise rejects with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
}
