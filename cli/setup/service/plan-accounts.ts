import type { HostFacts } from '../facts/host-facts.js';
import type { InstallRecord } from '../record/install-record.js';
import { APP_USER, GROUP } from './service-paths.js';

const GROUP_ENTRY = `group:${GROUP}`;
const USER_ENTRY = `user:${APP_USER}`;

/** Which of our group and user a host has to be given, as entries of its record. What was there before is not ours. */
export function accountsToMake({ groupMembers, hasAppUser }: HostFacts): readonly string[] {
  return [...(groupMembers === undefined ? [GROUP_ENTRY] : []), ...(hasAppUser ? [] : [USER_ENTRY])];
}

/** What goes when a host is taken out. */
export interface AccountsToRemove {
  readonly removesGroup: boolean;
  readonly removesUser: boolean;
  /** Users who leave a group that stays. */
  readonly leavers: readonly string[];
}

/** Nothing is removed that the record does not name. */
export function accountsToRemove(record: InstallRecord | undefined): AccountsToRemove {
  const { created = [], users = [] } = record ?? {};
  const removesGroup = created.includes(GROUP_ENTRY);
  return { removesGroup, removesUser: created.includes(USER_ENTRY), leavers: removesGroup ? [] : users };
}
