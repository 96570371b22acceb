/** What starts hosts on this machine. It is not in the bundle, which does without it on hosts and has this function replaced. */
export function loadFixtures(): Promise<typeof import('../../fixtures/index.js')> {
  return import('../../fixtures/index.js');
}
