/**
 * The key layout in etcd: the only place that says where anything is stored. It is a public contract, because mgmt
 * reads and writes the same keys. All keys lie below a namespace. Keys that only hawser uses, and all new ones, go
 * below `/hawser/`.
 */

/** The namespace of mgmt, so that each can read what the other wrote. */
export const DEFAULT_NAMESPACE = '/_mgmt';

/** `/strings/$key` is a string, `/strings/$key/$hostname` one host's value in a string map. */
export const STRINGS_PREFIX = '/strings/';

/** `/exported/$to/$from/$kind/$name`: an exported resource. `$to` is a hostname or `*`; `$name` may hold slashes. */
export const EXPORTED_PREFIX = '/exported/';

/** `/deploy/$id/payload` and `/deploy/$id/hash`: the deploy log. mgmt refuses anything else below it. */
export const DEPLOY_PREFIX = '/deploy/';

/** `/reports/$id/$hostname`: what a host reports of a deploy. */
export const REPORTS_PREFIX = '/reports/';

/** `/agents/$hostname`: an agent that is alive; bound to its session. */
export const AGENTS_PREFIX = '/agents/';

/** `/converged/$hostname`: whether a host has converged. Keep other keys out of it. */
export const CONVERGED_PATH = '/converged/';

/** The scheduler's state. Keep other keys out of it. */
export const SCHEDULER_PATH = '/scheduler/';

/** `/scheduler/election/$leaseHex`: the election of the host that decides, as Go's `concurrency` package lays it out. */
export const SCHEDULER_ELECTION = `${SCHEDULER_PATH}election`;

/** `/scheduler/hostname/$hostname/$namespace`: a candidate and its options, a query string. */
export const CANDIDATES_PREFIX = `${SCHEDULER_PATH}hostname/`;

/** `/scheduler/schedule/$namespace`: the decision, hostnames sorted and joined with commas. */
export const DECISIONS_PREFIX = `${SCHEDULER_PATH}schedule/`;

/** `/volunteer/$hostname`: the peer URLs of a host that is willing to run an etcd server; bound to its session. */
export const VOLUNTEER_PREFIX = '/volunteer/';

/** `/nominated/$hostname`: the peer URLs of a host that is chosen to run an etcd server. */
export const NOMINATED_PREFIX = '/nominated/';

/** `/endpoints/$hostname`: the client URLs of a host's etcd server, joined with commas; bound to its session. */
export const ENDPOINTS_PREFIX = '/endpoints/';

const CHOOSER_PREFIX = '/chooser/';

/** The election of the host that changes the etcd cluster. */
export const CHOOSER_ELECTION = `${CHOOSER_PREFIX}election`;

/** `/chooser/resting/$hostname`: a host that failed to start its server and is not nominated until its lease expires. */
export const RESTING_PREFIX = `${CHOOSER_PREFIX}resting/`;

/** The wanted size of the etcd cluster. */
export const CLUSTER_SIZE_PREFIX = `${CHOOSER_PREFIX}dynamicsize/`;

/** How many etcd servers the fleet should have: a decimal number. */
export const IDEAL_CLUSTER_SIZE_KEY = `${CLUSTER_SIZE_PREFIX}idealclustersize`;

/** `/fs/$name`: the superblock of a file system (versioned JSON). A World can be given another prefix. */
export const DEFAULT_METADATA_PREFIX = '/fs';

/**
 * `/storage/$sha256`: a block of file systems and deploys; beside it `/storage-freed`, `/storage-committed` and
 * `/storage-writers/`, which garbage collection needs. A World can be given another prefix.
 */
export const DEFAULT_STORAGE_PREFIX = '/storage';

/** `/fs/deploy/$tree`: the read-only tree of a deploy, named by its hash. Its blocks are always below `/storage`. */
export const TREES_PREFIX = `${DEFAULT_METADATA_PREFIX}/deploy/`;

/** `/hawser/certificates/$hostname`: how long the certificate of a host's server counts (JSON); bound to its session. */
export const CERTIFICATES_PREFIX = '/hawser/certificates/';

/** `/hawser/health/$hostname`: the room on a host's disk, and how far its clock is off (JSON); bound to its session. */
export const HEALTH_PREFIX = '/hawser/health/';

/** The time, as the elected host writes it now and then: the others compare their clocks with it when they see the write. */
export const CLOCK_KEY = '/hawser/clock';

/** What hosts need to know of deploys besides the log: agents watch it, so each deploy changes few keys below it. */
export const DEPLOYS_PREFIX = '/hawser/deploys/';

/** `/hawser/deploys/apps/$app`: the id of the app's newest deploy (JSON). */
export const APPS_PREFIX = `${DEPLOYS_PREFIX}apps/`;

/** `/hawser/deploys/healthy/$app`: the id of the newest deploy that all hosts were healthy with (JSON). */
export const HEALTHY_PREFIX = `${DEPLOYS_PREFIX}healthy/`;

/** `/hawser/deploys/rollouts/$id`: how far the hosts are with a deploy, and the verdict on it (JSON). */
export const ROLLOUTS_PREFIX = `${DEPLOYS_PREFIX}rollouts/`;

/** The election of the host that decides on deploys, while there is something to decide. Agents do not watch it. */
export const ROLLOUTS_ELECTION = '/hawser/rollouts/election';

/** `/hawser/deploy-locks/$app`: a person keeps others from changing an app (JSON); bound to a lease. */
export const DEPLOY_LOCKS_PREFIX = '/hawser/deploy-locks/';

/** `/hawser/running/$hostname`: which apps run on a host, and how (JSON). */
export const RUNNING_PREFIX = '/hawser/running/';

/** `/hawser/trees/$tree`: a tree that was stored recently and that no deploy names yet; bound to a lease. */
export const FRESH_TREES_PREFIX = '/hawser/trees/';

/** `/hawser/fs-places/$sha256`: the prefixes of file systems that are not at the defaults, for garbage collection. */
export const FS_PLACES_PREFIX = '/hawser/fs-places/';

/** The identity of the fleet: its uuid and generation (JSON). */
export const FLEET_KEY = '/hawser/fleet';

/** `/hawser/hosts/$hostname`: a host that belongs to the fleet, whether or not its agent is alive (JSON). */
export const HOSTS_PREFIX = '/hawser/hosts/';

/** `/hawser/recipients/$hostname`: what secrets for a host are encrypted to (JSON), as its agent says. */
export const RECIPIENTS_PREFIX = '/hawser/recipients/';

/** `/hawser/secrets/$app/$name`: a secret of an app, encrypted to the hosts that are to have it (JSON). */
export const SECRETS_PREFIX = '/hawser/secrets/';

/** `/hawser/locks/$name/$leaseHex`: who waits for a lock of `World.lock`, as Go's `concurrency` package lays it out. */
export const LOCKS_PREFIX = '/hawser/locks/';

/** `/hawser/elections/$name/$leaseHex`: who campaigns by `World.campaign`, in the same layout. */
export const ELECTIONS_PREFIX = '/hawser/elections/';

/** Written to find out whether etcd has room for more; deleted at once. */
export const DEFRAG_PROBE_KEY = '/hawser/room';
