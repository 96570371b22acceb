/** Whether we own what this user owns. A system without users has no others. */
export function isOurFile(owner: number): boolean {
  const us = process.geteuid?.();
  return us === undefined || owner === us;
}

/** Root could change our own files as well. */
export function isOursOrRoots(owner: number): boolean {
  return isOurFile(owner) || owner === 0;
}
