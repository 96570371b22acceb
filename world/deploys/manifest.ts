/** What apps and their processes can be called: it becomes a part of paths and of the names of units. */
export const APP_NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** A program and its arguments. */
export type Argv = readonly [string, ...string[]];

/** How to find out that an app works: tried every `intervalMs` until it passes or `timeoutMs` are over. */
export type HealthCheck = (
  | { readonly kind: 'http'; readonly url: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'exec'; readonly argv: Argv }
) & {
  readonly timeoutMs: number;
  readonly intervalMs: number;
  /** Time limit for one try. Default 5 s. */
  readonly tryMs?: number | undefined;
  /** How many tries have to pass in a row. Default 1. */
  readonly successes?: number | undefined;
  /** Whose answer counts. Default: the app's own; `anyone` for an app behind a proxy, or in a container. */
  readonly answeredBy?: 'anyone' | undefined;
};

/** One program of an app. */
export interface AppProcess {
  readonly run: Argv;
  /** Added to the app's own. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly health?: HealthCheck | undefined;
  /** `host:port` of the socket that the host holds for it and hands over as descriptor 3 (`LISTEN_FDS`). Default none. */
  readonly listen?: string | undefined;
  /** `overlap`: the new release is started, and found healthy, before the old one is stopped. Default: stop first. */
  readonly switch?: 'overlap' | undefined;
  /** How long it may take to exit after SIGTERM. Default 10 s. */
  readonly stopGraceMs?: number | undefined;
}

/** A program that is run once at a certain point of a deploy. */
export interface Hook {
  readonly run: Argv;
  /** Default 5 minutes. */
  readonly timeoutMs?: number | undefined;
}

/** When in a deploy a program of the app may be run. */
export type HookName = 'prepare' | 'once' | 'verify' | 'stop';

/** In which order the hosts switch, and what happens when some fail. Without one, all switch at once. */
export interface Rollout {
  /** How many hosts switch at a time: a number from 1, or a part of all such as `25%`. Default all. */
  readonly batch?: number | string | undefined;
  /** How many hosts switch first, alone. Default none. */
  readonly canary?: number | undefined;
  /** Between the canary and each batch. Default none. */
  readonly pauseMs?: number | undefined;
  /** How many hosts may fail. Default none. */
  readonly maxFailures?: number | undefined;
  /** For the whole rollout. Default 10 minutes. */
  readonly timeoutMs?: number | undefined;
  /** What happens when more hosts fail than may, or a canary does. Default `rollback`: those that switched go back. */
  readonly onFailure?: 'rollback' | 'pause' | 'continue' | undefined;
  /** Hosts go back unless a person confirms the deploy within this time. Default: that is not asked for. */
  readonly confirmMs?: number | undefined;
}

/** The scheduler decides where the app runs. */
export interface AppSchedule {
  readonly namespace: string;
  readonly maxCount?: number | undefined;
  readonly strategy?: string | undefined;
}

/** How programs of an app get a secret. The value is in no manifest. */
export interface AppSecret {
  /** A file of its name in the directory that `HAWSER_SECRETS` names. Default: a variable of its name. */
  readonly as?: 'file' | undefined;
  /** An absolute path of a file with the value on each host. Default: what `hawser secret set` stored. */
  readonly from?: string | undefined;
}

/** What an app may use on each host. */
export interface AppLimits {
  readonly memoryBytes?: number | undefined;
  /** In CPUs: 0.5 is half of one. */
  readonly cpu?: number | undefined;
  /** Open files of a process. */
  readonly files?: number | undefined;
}

/** What a `hawser.yaml` says of an app. */
export interface Manifest {
  readonly name: string;
  /** The hosts it runs on: names, globs, labels. Default all. */
  readonly hosts?: string | undefined;
  readonly schedule?: AppSchedule | undefined;
  /** Whom its programs run as. Default `hawser-app` where `hawser up` set the host up; else the agent's user. */
  readonly user?: string | undefined;
  /** Default: the user's own. */
  readonly group?: string | undefined;
  /** By name; `run:` in the file is short for one that is named `main`. Without any, the files are all there is. */
  readonly processes?: Readonly<Record<string, AppProcess>> | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** What its programs get besides, by name. */
  readonly secrets?: Readonly<Record<string, AppSecret>> | undefined;
  /** Patterns of files that are not deployed, as in a `.gitignore`. */
  readonly exclude?: readonly string[] | undefined;
  /** Directories that all releases share, relative to the app's own. */
  readonly shared?: readonly string[] | undefined;
  readonly hooks?: Readonly<Partial<Record<HookName, Hook>>> | undefined;
  /** For an app without processes. */
  readonly health?: HealthCheck | undefined;
  /** How long its processes have to keep running, once they are well, to count as healthy. Default 5 s. */
  readonly settleMs?: number | undefined;
  readonly rollout?: Rollout | undefined;
  /** How many releases a host keeps. Default 5. */
  readonly keep?: number | undefined;
  readonly limits?: AppLimits | undefined;
}

/** The name of the process that `run:` alone defines. */
export const ONLY_PROCESS = 'main';

/** An app that ends within this time after its first good check was not healthy. */
export const DEFAULT_SETTLE_MS = 5_000;

export const DEFAULT_TRY_MS = 5_000;
export const DEFAULT_STOP_GRACE_MS = 10_000;
export const DEFAULT_KEEP = 5;
