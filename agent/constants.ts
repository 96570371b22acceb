/** The constants of an agent's own etcd server, as the seed documents them. */

/** How long a server may take to answer before its start counts as failed, in milliseconds. */
export const MAX_SERVER_START_TIMEOUT_MS = 60_000;

/** How long a server may take to stop before it is killed, in milliseconds. */
export const MAX_SERVER_CLOSE_TIMEOUT_MS = 15_000;

/** How often a server that exits by itself is restarted before the agent gives up. */
export const MAX_SERVER_RETRIES = 5;

/** The pause between two such restarts, in milliseconds. */
export const SERVER_RETRY_WAIT_MS = 500;

/**
 * What agents and commands say to each other through etcd; raised when one of another version would misread it. The
 * version of the program says how old it is, this whether that matters.
 */
export const AGENT_PROTOCOL = 1;

/** The directory for everything an agent keeps, unless another is given. */
export const DEFAULT_PREFIX = '/var/lib/hawser';
