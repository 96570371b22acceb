import test from 'ava';
import { outcomeOf } from '../../../../cli/deploy/view/deploy-outcome.js';
import type { Deployment, HostProgress, Report, RolloutRecord, Verdict } from '../../../../world/index.js';

const deployment: Deployment = {
  ...{ hawser: 1, name: 'shop', message: '', author: '', createdAt: '', tree: 'a'.repeat(64), noop: false },
  hosts: ['web1', 'web2'],
  manifest: { name: 'shop' },
};

const at = '2026-01-01T00:00:00Z';

function host(state: HostProgress['state'], message = `is ${state}`, logTail?: string): HostProgress {
  if (state === 'missing' || state === 'lost') return { state, message };
  const report: Report = {
    ...{ hostname: 'any', state, step: 'health', message, at, current: 7 },
    ...(logTail === undefined ? {} : { logTail }),
  };
  return { state, step: 'health', message, at, report };
}

function outcome(verdict: Verdict | undefined, hosts: Record<string, HostProgress>, message?: string) {
  const record: RolloutRecord = {
    ...{ app: 'shop', phase: 'done', admitted: 2, since: at },
    ...(verdict === undefined ? {} : { verdict }),
    ...(message === undefined ? {} : { message }),
  };
  return outcomeOf(7, deployment, { record, hosts: new Map(Object.entries(hosts)) });
}

test('a healthy deploy is one sentence and exit code 0, and names who catches up', (t) => {
  const { text, value, exitCode } = outcome('healthy', { web1: host('healthy'), web2: host('missing') });
  t.is(exitCode, 0);
  t.is(String(text), 'Deploy 7 of shop is healthy on web1; web2 will catch up.');
  t.like(value, { id: 7, app: 'shop', verdict: 'healthy' });
  t.deepEqual(value['hosts'], [
    { hostname: 'web1', state: 'healthy', step: 'health', message: 'is healthy', at },
    { hostname: 'web2', state: 'missing', step: null, message: 'is missing', at: null },
  ]);
});

test('every other verdict is exit code 5, with the reason, the hosts and what to do', (t) => {
  const hosts = { web1: host('failed', 'It exited.', 'boom'), web2: host('failed', 'It exited.', 'boom') };
  const failed = outcome('failed', hosts, '2 of 2 hosts failed.');
  t.is(failed.exitCode, 5);
  t.regex(String(failed.text), /web1 +failed +health +It exited\./);
  t.regex(String(failed.text), /\nDeploy 7 of shop failed\. 2 of 2 hosts failed\.$/);
  t.is(failed.logTail, 'web1, web2:\nboom');
  t.is(failed.value['message'], 'Deploy 7 of shop failed. 2 of 2 hosts failed.');
  const texts: Record<string, RegExp> = {
    'rolled-back': /was taken back: the hosts run what they ran before\.$/,
    paused: /deploys resume 7.*deploys abort 7/,
    superseded: /superseded by a newer deploy\.$/,
    stopped: /was stopped/,
  };
  for (const [verdict, text] of Object.entries(texts)) {
    const { exitCode, text: said } = outcome(verdict as Verdict, { web1: host('rolled-back') });
    t.is(exitCode, 5, verdict);
    t.regex(String(said), text, verdict);
  }
  t.regex(String(outcome(undefined, { web1: host('applying') }).text), /still under way.*deploys wait 7/);
  t.is(outcome(undefined, {}).exitCode, 5);
});

test('hosts that are missing are told of with the remedy', (t) => {
  const { text } = outcome('failed', { web1: host('healthy'), web2: host('missing') }, 'Not there: web2.');
  t.regex(String(text), /--allow-missing.*members forget/);
});
