/** Where the agents arrange among themselves who runs a server; beneath the namespace. */
export const VOLUNTEER_PREFIX = '/volunteer/';
export const NOMINATED_PREFIX = '/nominated/';
export const ENDPOINTS_PREFIX = '/endpoints/';
const CHOOSER_PREFIX = '/chooser/';

/** The election of the host that changes the cluster. */
export const CHOOSER_ELECTION = `${CHOOSER_PREFIX}election`;

/** Hosts that did not start when they were nominated, each bound to a lease that runs for as long as they rest. */
export const RESTING_PREFIX = `${CHOOSER_PREFIX}resting/`;

/** Beneath it the wanted size. */
export const SIZE_PREFIX = `${CHOOSER_PREFIX}dynamicsize/`;
