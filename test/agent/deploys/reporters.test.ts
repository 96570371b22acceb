import { setImmediate as turn } from 'node:timers/promises';
import test from 'ava';
import type { DeployStep } from '../../../agent/deploys/apps/deploy-step.js';
import { DeployReporter } from '../../../agent/deploys/reports/deploy-reporter.js';
import { RunningReporter } from '../../../agent/deploys/reports/running-reporter.js';
import type { ClientWorld, Report, RunningApps } from '../../../world/internal.js';

const quiet = (): void => undefined;

/** Runs until so much was written. */
async function until(done: () => boolean): Promise<void> {
  while (!done()) await turn();
}

test('each change of the state is told at once, and of steps that follow each other the last', async (t) => {
  const told: string[] = [];
  const steps = { stop: ['switch', 'start'], start: ['health'] } as const;
  const setReport = async (id: number, { state, step = '' }: Report): Promise<void> => {
    told.push(`${id} ${state}/${step}`);
    // At the very moment at which it is written.
    if (step === 'stop' || step === 'start') for (const next of steps[step]) report('applying', next);
    if (step === 'start') report('healthy', 'health');
  };
  const ending = new AbortController();
  const reporter = new DeployReporter('h1', quiet);
  const running = reporter.run({ setReport } as unknown as ClientWorld, ending.signal);
  const report = (state: 'fetching' | 'applying' | 'healthy', step: DeployStep): void =>
    reporter.report(1, { state, step, message: '', current: 0, at: '' });
  report('fetching', 'fetch');
  await until(() => told.length === 1);
  report('applying', 'stop');
  await until(() => told.length === 4);
  t.deepEqual(told, ['1 fetching/fetch', '1 applying/stop', '1 applying/start', '1 healthy/health']);
  ending.abort();
  await running;
});

test('what runs is told when it changes, and not when it is looked at', async (t) => {
  const told: RunningApps[] = [];
  const setRunning = async (running: RunningApps): Promise<void> => void told.push(running);
  const ending = new AbortController();
  const reporter = new RunningReporter(quiet);
  const running = reporter.run({ setRunning } as unknown as ClientWorld, ending.signal);
  const shop = { deploy: 1, tree: 'a', since: '', processes: {} };
  reporter.set('shop', shop);
  await until(() => told.length === 2);
  reporter.set('shop', { ...shop });
  reporter.set('blog', shop);
  await until(() => told.length === 3);
  t.deepEqual(
    told.map(({ apps }) => Object.keys(apps)),
    [[], ['shop'], ['shop', 'blog']],
  );
  const [, before] = told;
  reporter.set('blog', undefined);
  await until(() => told.length === 4);
  t.deepEqual(told[3]?.apps, before?.apps);
  ending.abort();
  await running;
});
