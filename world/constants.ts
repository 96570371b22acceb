/** Where clients on a host find its etcd server when nobody has said: a socket that only root can enter. */
export const DEFAULT_CLIENT_URL = 'unix:///run/hawser/etcd.sock';

/** Where an etcd server that was told where to listen for clients listens for its peers when nobody has said. */
export const DEFAULT_SERVER_URL = 'http://127.0.0.1:2380';

/** The most operations in one transaction that the servers of our agents take; a server of others takes 128 as it comes. */
export const DEFAULT_MAX_TXN_OPS = 512;

/** How long an etcd client may take to connect, in milliseconds, where there is another endpoint to try. */
export const CLIENT_DIAL_TIMEOUT_MS = 5000;

/** How long the watches of an etcd client may hear nothing before it asks for a sign of life, in milliseconds. */
export const CLIENT_DIAL_KEEP_ALIVE_TIME_MS = 2000;

/** How long the client then waits for that sign before it takes its watches to another endpoint, in milliseconds. */
export const CLIENT_DIAL_KEEP_ALIVE_TIMEOUT_MS = 6000;

/** How often the member list is read while it is changing, in milliseconds. */
export const MEMBER_CHANGE_INTERVAL_MS = 500;

/** How long the keys of a host outlive it, in seconds: the TTL of an agent's session. */
export const SESSION_TTL_SECONDS = 10;

/** What the converger calls a host that is not known to its fleet yet: until it is, the host has not come to rest. */
export const CONVERGER_HOSTNAME_NAMESPACE = 'etcd-hostname';
