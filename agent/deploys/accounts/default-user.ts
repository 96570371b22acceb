import { existsSync } from 'node:fs';
import { DEFAULT_PREFIX } from '../../constants.js';

/** What `hawser up` wrote last: it has set this host up, with a user for the apps. */
const INSTALL_RECORD = '/opt/hawser/install.json';

/** The system user that `hawser up` makes for apps. */
const APP_USER = 'hawser-app';

/** Whom an app that names no user runs as; undefined for the agent's own user, as where a person started the agent. */
export function defaultUser(prefix: string): string | undefined {
  return prefix === DEFAULT_PREFIX && existsSync(INSTALL_RECORD) ? APP_USER : undefined;
}
