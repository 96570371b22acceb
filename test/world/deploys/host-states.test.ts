import test from 'ava';
import { hostStates, type Report, type ReportState } from '../../../world/index.js';

const at = '2026-01-01T00:00:00Z';

function reports(states: Readonly<Record<string, ReportState>>): Map<string, Report> {
  return new Map(
    Object.entries(states).map(([hostname, state]) => [
      hostname,
      { hostname, state, step: 'health', message: `${hostname} is ${state}`, at, current: 1 },
    ]),
  );
}

test('a host is what it reports, as long as it lives or has reported its last', (t) => {
  const hosts = ['busy', 'done', 'gone', 'dead'];
  const said = reports({ busy: 'applying', done: 'healthy', gone: 'rolled-back', dead: 'applying' });
  const states = hostStates({ hosts }, said, new Set(['busy', 'done']));
  t.deepEqual(
    [...states.values()].map(({ state }) => state),
    ['applying', 'healthy', 'rolled-back', 'lost'],
  );
  t.like(states.get('busy'), { step: 'health', message: 'busy is applying', at });
  t.is(
    states.get('dead')?.message,
    "Its agent's session ended without a final report. Its last report was: dead is applying",
  );
});

test('a host without a report waits if it lives, and is missing if not', (t) => {
  const states = hostStates(
    { hosts: ['new', 'away', 'fetching'] },
    reports({ fetching: 'fetching' }),
    new Set(['new']),
  );
  t.like(states.get('new'), { state: 'waiting', message: 'Waiting for its first report.' });
  t.like(states.get('away'), { state: 'missing' });
  t.like(states.get('fetching'), { state: 'missing' }, 'it had not begun');
  t.false('step' in (states.get('away') ?? {}));
});
