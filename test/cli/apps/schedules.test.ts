import test from 'ava';
import { formatApps } from '../../../cli/apps/format-apps.js';
import { describeSchedule } from '../../../cli/apps/read-schedules.js';
import { findUnmetSchedules } from '../../../cli/status/find-unmet-schedules.js';

const schedule = { namespace: 'web', maxCount: 2, strategy: 'rr', chosen: ['h1', 'h2'] };

test('a schedule is told with its limit and who is chosen', (t) => {
  const hosts = ['h1', 'h2', 'h3'];
  t.is(
    describeSchedule(schedule, hosts),
    'at most 2 of h1, h2, h3, as the schedule "web" decides (now h1, h2)',
  );
  t.is(
    describeSchedule({ ...schedule, maxCount: 9, chosen: [] }, hosts),
    'all of h1, h2, h3, as the schedule "web" decides (nobody is chosen yet)',
  );
});

test('what does not run where it is chosen is a problem, unless its host is gone', (t) => {
  const host = (hostname: string, alive: boolean, ...apps: readonly string[]) => ({
    ...{ hostname, alive },
    apps: apps.map((app) => ({ app })),
  });
  const schedules = new Map([['shop', schedule]]);
  const problems = (...hosts: readonly ReturnType<typeof host>[]) =>
    findUnmetSchedules(schedules, hosts).map(({ host }) => host);
  t.deepEqual(problems(host('h1', true, 'shop'), host('h2', true, 'shop')), []);
  t.deepEqual(problems(host('h1', true, 'shop'), host('h2', true, 'blog')), ['h2']);
  t.deepEqual(problems(host('h1', true, 'shop'), host('h2', false)), []);
  const nobody = new Map([['shop', { ...schedule, chosen: [] }]]);
  t.deepEqual(findUnmetSchedules(nobody, []), [
    {
      ...{ code: 'app-missing', app: 'shop', host: null },
      message: 'shop is to run nowhere: the schedule "web" has chosen no host.',
    },
  ]);
});

test('the list of apps says what is otherwise than the schedule has it', (t) => {
  const on = (hostname: string) => ({ hostname, deploy: 3, state: 'well' as const, since: '', problem: '' });
  const gone = { ...on('h4'), state: 'unknown' as const };
  const hosts = [on('h1'), on('h3'), gone];
  const shop = { app: 'shop', newest: 3, verdict: 'healthy' as const, hosts, schedule };
  const text = String(formatApps([{ ...shop, lock: null }]));
  t.regex(text, /shop: the schedule "web" has chosen h1, h2\./);
  t.regex(text, /shop: chosen, and not running: h2\./);
  t.regex(text, /shop: running, and not chosen: h3\./);
});
