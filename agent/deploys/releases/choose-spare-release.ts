import { DEFAULT_KEEP, type Deployment } from '../../../world/internal.js';

/** A release as it is on disk. */
export interface PresentRelease {
  readonly name: string;
  /** Undefined for one that is not complete. */
  readonly tree: string | undefined;
  /** Whether a link names it. */
  readonly isInUse: boolean;
  /** Whose it is. */
  readonly uid: number;
}

/**
 * A release whose files a new one may take over: one of the same tree, which is why going back is fast, else one that would be
 * removed after the new deploy anyway. What another user's programs may still write to is nothing to start from.
 *
 * @param present the newest first
 * @param uid whose the new release will be
 */
export function chooseSpareRelease(
  present: readonly PresentRelease[],
  { tree, manifest, noop }: Deployment,
  uid: number | undefined,
): string | undefined {
  if (noop) return undefined;
  const isSpare = (one: PresentRelease) => !one.isInUse && one.tree !== undefined && one.uid === uid;
  const same = present.find((one) => isSpare(one) && one.tree === tree);
  const beyond = present.slice((manifest.keep ?? DEFAULT_KEEP) - 1).findLast(isSpare);
  return (same ?? beyond)?.name;
}
