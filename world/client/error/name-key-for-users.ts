type Describe = (...parts: string[]) => string;

/** Patterns of keys and what users call them; the first match counts. */
const DESCRIPTIONS: readonly (readonly [RegExp, Describe])[] = [
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
  [/^\/converged\//, () => 'which hosts have converged'],
  [/^\/hawser\/fleet$/, () => 'which fleet it is'],
  [/^\/hawser\/hosts\/(.+)$/, (hostname) => `the host ${hostname}`],
  [/^\/hawser\/hosts\//, () => 'the hosts of the fleet'],
  [/^\/hawser\/deploys\/apps\/(.+)$/, (app) => `the deploys of ${app}`],
  [/^\/hawser\/deploys\/healthy\/(.+)$/, (app) => `the last healthy deploy of ${app}`],
  [/^\/hawser\/deploys\/rollouts\/(.+)$/, (id) => `the rollout of deploy ${id}`],
  [/^\/hawser\/deploys\//, () => 'the deploys'],
  [/^\/hawser\/rollouts\/election/, () => 'who decides on deploys'],
  [/^\/hawser\/running\/(.+)$/, (hostname) => `what runs on ${hostname}`],
  [/^\/hawser\/running\//, () => 'what runs on the hosts'],
  [/^\/hawser\/clock$/, () => 'the time'],
  [/^\/hawser\/deploy-locks\/(.+)$/, (app) => `the lock of ${app}`],
  [/^\/hawser\/deploy-locks\//, () => 'the locks of apps'],
  [/^\/hawser\/health\/(.+)$/, (hostname) => `the disk and the clock of ${hostname}`],
  [/^\/hawser\/health\//, () => 'the disks and clocks of the hosts'],
  [/^\/hawser\/certificates\/(.+)$/, (hostname) => `the certificate of ${hostname}`],
  [/^\/hawser\/certificates\//, () => 'the certificates of the hosts'],
  [/^\/hawser\/recipients\/(.+)$/, (hostname) => `the key for secrets of ${hostname}`],
  [/^\/hawser\/recipients\//, () => 'the keys for secrets of the hosts'],
  [/^\/hawser\/secrets\/([^/]+)\/(.+)$/, (app, name) => `the secret ${name} of ${app}`],
  [/^\/hawser\/secrets\//, () => 'the secrets'],
  [/^\/hawser\/locks\/$/, () => 'the locks'],
  [/^\/hawser\/locks\/([^/]+)/, (name) => `the lock "${name}"`],
  [/^\/hawser\/elections\/$/, () => 'the elections'],
  [/^\/hawser\/elections\/([^/]+)/, (name) => `the election "${name}"`],
  [/^\/hawser\/room$/, () => 'whether etcd takes writes'],
  [/^\/hawser\/fs-places\//, () => 'where file systems are stored'],
  [/^\/hawser\/trees\//, () => 'the files of deploys'],
  [/^\/fs\/deploy\/?$/, () => 'the files of deploys'],
  [/^\/fs\/(.+)$/, (name) => `the file system "${name}"`],
  [/^\/fs\/?$/, () => 'the file systems'],
  [/^\/storage/, () => 'the blocks of the file systems'],
];

/** What users call the data at a key or prefix (without the namespace); the key itself if it has no other name. */
export function describeKey(key: string): string {
  for (const [pattern, describe] of DESCRIPTIONS) {
    const match = pattern.exec(key);
    if (match !== null) return describe(...match.slice(1));
  }
  return key;
}
