type Words = (...parts: string[]) => string;

/** Where things are kept, as a pattern, and what a person calls them; the first that matches counts. */
const WORDS: readonly (readonly [RegExp, Words])[] = [
  [/^\/strings\/$/, () => 'the strings'],
  [/^\/strings\/([^/]+)$/, (key) => `the string "${key}"`],
  [/^\/strings\/([^/]+)\/\*?$/, (key) => `the string map "${key}"`],
  [/^\/strings\/([^/]+)\/(.+)$/, (key, hostname) => `"${key}" of ${hostname}`],
  [/^\/exported\//, () => 'the exported resources'],
  [/^\/deploy\/(\d+)\//, (id) => `deploy ${id}`],
  [/^\/deploy\//, () => 'the deploy log'],
  [/^\/reports\/(\d+)\//, (id) => `the reports on deploy ${id}`],
  [/^\/reports\//, () => 'the reports on deploys'],
  [/^\/scheduler\/schedule\/(.+)$/, (name) => `the schedule "${name}"`],
  [/^\/scheduler\//, () => 'the schedules'],
  [/^\/agents\/(.+)$/, (hostname) => `the agent of ${hostname}`],
  [/^\/agents\//, () => 'the agents'],
  [/^\/endpoints\/(.+)$/, (hostname) => `the endpoints of ${hostname}`],
  [/^\/endpoints\//, () => 'the endpoints'],
  [/^\/volunteer\//, () => 'the volunteers for etcd'],
  [/^\/nominated\//, () => 'the nominations for etcd'],
  [/^\/chooser\//, () => 'the ideal cluster size'],
  [/^\/converged\//, () => 'which hosts are at rest'],
  [/^\/hawser\/fleet$/, () => 'which fleet it is'],
  [/^\/hawser\/hosts\/(.+)$/, (hostname) => `the host ${hostname}`],
  [/^\/hawser\/hosts\//, () => 'the hosts of the fleet'],
  [/^\/hawser\/fs-places\//, () => 'where file systems are kept'],
  [/^\/hawser\/trees\//, () => 'the files of deploys'],
  [/^\/fs\/deploy\/?$/, () => 'the files of deploys'],
  [/^\/fs\/(.+)$/, (name) => `the file system "${name}"`],
  [/^\/fs\//, () => 'the file systems'],
  [/^\/storage/, () => 'the blocks of the file systems'],
];

/** What a person calls that which is kept at a key or prefix (beneath the namespace); the key itself where nobody else has a name for it. */
export function describeKey(key: string): string {
  for (const [pattern, words] of WORDS) {
    const match = pattern.exec(key);
    if (match !== null) return words(...match.slice(1));
  }
  return key;
}
