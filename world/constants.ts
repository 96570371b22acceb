/** Where clients on a host find its etcd server by default: a socket that only root can enter. */
export const DEFAULT_CLIENT_URL = 'unix:///run/hawser/etcd.sock';

/** Where an etcd server with a given client URL listens for its peers by default. */
export const DEFAULT_SERVER_URL = 'http://127.0.0.1:2380';

/** The most operations in one transaction for servers that agents run; etcd's own default is 128. */
export const DEFAULT_MAX_TXN_OPS = 512;

/** How long an etcd client may take to connect before it tries another endpoint, in milliseconds. */
export const CLIENT_DIAL_TIMEOUT_MS = 5000;

/** How long the watches of an etcd client may receive nothing before it probes the connection, in milliseconds. */
export const CLIENT_DIAL_KEEP_ALIVE_TIME_MS = 2000;

/** How long the client then waits for an answer before it moves its watches to another endpoint, in milliseconds. */
export const CLIENT_DIAL_KEEP_ALIVE_TIMEOUT_MS = 6000;

/** How often the member list is read while it is changing, in milliseconds. */
export const MEMBER_CHANGE_INTERVAL_MS = 500;

/** How long the keys of a host outlive it, in seconds: the TTL of an agent's session. */
export const SESSION_TTL_SECONDS = 10;

/** What the converger calls a host that its fleet does not know yet; until then the host has not converged. */
export const CONVERGER_HOSTNAME_NAMESPACE = 'etcd-hostname';
