import test from 'ava';
import type { LogLevel } from '../../../../base/log.js';
import { type BringUp, bringUpHosts } from '../../../../cli/setup/up/bring-up-hosts.js';
import { type HostOutcome, runSteps, type Step } from '../../../../cli/setup/up/run-steps.js';

const { signal } = new AbortController();

function failed(host: string, mayHaveBegun = false): HostOutcome {
  return { kind: 'failed', host, step: 'send', error: new Error('full disk'), mayHaveBegun };
}

/** Notes who is worked on; the hosts that are not told to fail are done. */
function recorded(failures: Readonly<Record<string, HostOutcome>> = {}) {
  const begun: string[] = [];
  const bringUp: BringUp['bringUp'] = async (host, role) => {
    begun.push(`${host} as ${role}`);
    return failures[host] ?? { kind: 'done', host };
  };
  return { begun, bringUp };
}

const hosts = ['web1', 'web2', 'web3'];

test('The founder is brought up alone, then all others at once', async (t) => {
  const begun: string[] = [];
  const release: (() => void)[] = [];
  const running = bringUpHosts({
    hosts,
    running: new Set(),
    founding: { kind: 'found', candidates: ['web2', 'web1', 'web3'] },
    bringUp: async (host, role) => {
      begun.push(`${host} as ${role}`);
      await new Promise<void>((resolve) => release.push(resolve));
      return { kind: 'done', host };
    },
  });
  t.deepEqual(begun, ['web2 as founder']);
  release[0]?.();
  while (begun.length < 3) await new Promise(setImmediate);
  t.deepEqual(begun.slice(1), ['web1 as joiner', 'web3 as joiner']);
  for (const resolve of release) resolve();
  t.deepEqual(
    (await running).map(({ host, kind }) => [host, kind]),
    hosts.map((host) => [host, 'done']),
  );
});

test('Agents that run are started again one after another, after those that do not run', async (t) => {
  const begun: string[] = [];
  const release: (() => void)[] = [];
  const running = bringUpHosts({
    hosts: ['web1', 'web2', 'web3', 'web4'],
    running: new Set(['web1', 'web3']),
    founding: { kind: 'join' },
    bringUp: async (host) => {
      begun.push(host);
      await new Promise<void>((resolve) => release.push(resolve));
      return host === 'web1' ? failed(host) : { kind: 'done', host };
    },
  });
  for (const expected of [['web2', 'web4'], ['web1'], ['web3']]) {
    while (begun.length < expected.length) await new Promise(setImmediate);
    t.deepEqual(begun.splice(0), expected);
    for (const resolve of release.splice(0)) resolve();
  }
  t.deepEqual(
    (await running).map(({ kind }) => kind),
    ['failed', 'done', 'done', 'done'],
  );
});

test('A host that fails stops none of the others', async (t) => {
  const { begun, bringUp } = recorded({ web1: failed('web1', true) });
  const outcomes = await bringUpHosts({ hosts, running: new Set(), founding: { kind: 'join' }, bringUp });
  t.deepEqual(begun, ['web1 as joiner', 'web2 as joiner', 'web3 as joiner']);
  t.deepEqual(
    outcomes.map(({ kind }) => kind),
    ['failed', 'done', 'done'],
  );
});

test('When the founder fails before it can have begun, the next one makes the cluster', async (t) => {
  const { begun, bringUp } = recorded({ web1: failed('web1') });
  const outcomes = await bringUpHosts({
    hosts,
    running: new Set(),
    founding: { kind: 'found', candidates: hosts },
    bringUp,
  });
  t.deepEqual(begun, ['web1 as founder', 'web2 as founder', 'web3 as joiner']);
  t.deepEqual(
    outcomes.map(({ kind }) => kind),
    ['failed', 'done', 'done'],
  );
});

test('When the founder may have begun, nobody else makes a cluster', async (t) => {
  const { begun, bringUp } = recorded({ web1: failed('web1', true) });
  const outcomes = await bringUpHosts({
    hosts,
    running: new Set(),
    founding: { kind: 'found', candidates: hosts },
    bringUp,
  });
  t.deepEqual(begun, ['web1 as founder']);
  t.deepEqual(outcomes.slice(1), [
    { kind: 'waiting', host: 'web2', for: 'web1' },
    { kind: 'waiting', host: 'web3', for: 'web1' },
  ]);
});

test('An interrupted run ends when no host is being worked on any more', async (t) => {
  let open = 0;
  const interrupted = new Error('interrupted');
  const bringUp: BringUp['bringUp'] = async (host) => {
    open += 1;
    if (host !== 'web1') for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
    open -= 1;
    throw interrupted;
  };
  await t.throwsAsync(bringUpHosts({ hosts, running: new Set(), founding: { kind: 'join' }, bringUp }), {
    is: interrupted,
  });
  t.is(open, 0);
});

test('Steps run one after the other, say what they did, and end at the first failure', async (t) => {
  const said: string[] = [];
  const step = (name: string, done?: string, details: Partial<Step> = {}): Step => ({
    name,
    run: async () => done,
    ...details,
  });
  const report = (host: string, text: string) => said.push(`${host}: ${text}`);
  const log = (_: LogLevel, text: string) => said.push(text);
  const fullDisk = new Error('full disk');
  const steps = [
    step('look'),
    step('send the runtime', 'sent the runtime'),
    step('start', undefined, { run: () => Promise.reject(fullDisk), mayBegin: true }),
    step('never', 'never'),
  ];
  t.deepEqual(await runSteps('web1', steps, { signal, report, log }), {
    kind: 'failed',
    host: 'web1',
    step: 'start',
    error: fullDisk,
    mayHaveBegun: true,
  });
  t.deepEqual(said, [
    'web1: begins to look',
    'web1: begins to send the runtime',
    'web1: sent the runtime',
    'web1: begins to start',
  ]);
  t.like(await runSteps('web1', steps.slice(0, 2), { signal, report, log }), { kind: 'done' });
});

test('An abort between steps begins no other one', async (t) => {
  const over = new AbortController();
  const reason = new Error('interrupted');
  const steps: Step[] = [
    { name: 'first', run: async () => over.abort(reason) as undefined },
    { name: 'second', run: async () => t.fail() as undefined },
  ];
  const quiet = { report: () => undefined, log: () => undefined };
  await t.throwsAsync(runSteps('web1', steps, { signal: over.signal, ...quiet }), { is: reason });
});
