import { destinations } from './destinations.js';
import { fleetFiles } from './fleet-files.js';
import { keyFiles, publicKeys } from './keys.js';
import { knownHosts } from './known-hosts.js';
import { packets } from './packets.js';
import { sshConfig } from './ssh-config.js';
import { deployments, resources, schedules, trees } from './stored.js';
import { durations, manifests, patterns } from './texts.js';
import type { Topic } from './topic.js';

/** Everything that reads what others wrote. */
export const topics: readonly Topic[] = [
  knownHosts,
  sshConfig,
  destinations,
  publicKeys,
  keyFiles,
  packets,
  manifests,
  fleetFiles,
  deployments,
  trees,
  resources,
  schedules,
  patterns,
  durations,
];
