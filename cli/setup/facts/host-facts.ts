import type { InstallRecord } from '../record/install-record.js';
import type { BootStarter } from '../service/detect-init-system.js';

/** What a host is and has, as read in one round trip. */
export interface HostFacts {
  readonly hostname: string;
  /** The same for two destinations that lead to one machine. */
  readonly machineId: string;
  readonly os: { readonly id: string; readonly version: string; readonly name: string };
  /** As Node names it, such as `x64`; else what `uname -m` says. */
  readonly architecture: string;
  readonly libc: { readonly kind: 'glibc' | 'musl' | 'unknown'; readonly version: string };
  /** What starts the agent when the host boots. */
  readonly bootStarter: BootStarter;
  readonly packageManager: 'apt' | 'dnf' | 'zypper' | 'pacman' | 'apk' | undefined;
  /** What is free for root's files. */
  readonly diskFreeBytes: { readonly opt: number; readonly var: number };
  /** Directories that root cannot write to although we need it. */
  readonly readOnly: readonly string[];
  readonly memoryBytes: number;
  /** How far the host's clock is ahead of ours. */
  readonly clockSkewMs: number;
  /** Its IP addresses, those of loopback left out. */
  readonly addresses: readonly string[];
  /** The one of them that SSH came in by; undefined where that is not one of its own. */
  readonly entered: string | undefined;
  /** Of those that we need: TCP ports that a program other than our etcd listens on. */
  readonly takenPorts: readonly number[];
  /** An etcd that can be run: one that we sent, else the first on the PATH. */
  readonly etcd: { readonly path: string; readonly version: string } | undefined;
  readonly isEtcdServiceActive: boolean;
  readonly node: { readonly path: string; readonly version: string } | undefined;
  /** Who is in the group `hawser`; undefined where there is no such group. */
  readonly groupMembers: readonly string[] | undefined;
  /** Whether there is a user of the name that apps run as. */
  readonly hasAppUser: boolean;
  readonly agent: InstalledAgent;
}

/** What is there of hawser. */
export interface InstalledAgent {
  /** What `up` wrote last; undefined on a host that it never came to. */
  readonly record: InstallRecord | undefined;
  /** Whether there is a record that this version cannot read. */
  readonly isRecordUnreadable: boolean;
  readonly isRunning: boolean;
  /** Whether an etcd has run here for the agent, and its data is there. */
  readonly hasClusterData: boolean;
  /** Whether its etcd runs, so that SSH can enter by its socket: not every agent runs one. */
  readonly servesEtcd: boolean;
  /** What `current` leads to. */
  readonly release: string | undefined;
  /** The host's certificate, PEM. */
  readonly certificate: string | undefined;
  /** The certificates of the authorities that its servers trust from their next start on, PEM. */
  readonly trusted: string | undefined;
}
