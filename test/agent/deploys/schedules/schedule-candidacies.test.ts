import test from 'ava';
import { ScheduleCandidacies } from '../../../../agent/deploys/apps/schedule-candidacies.js';
import { EtcdWorld } from '../../../../world/index.js';
import { Etcd } from '../../../world/helpers/etcd.js';

const log = () => undefined;

test('a host offers itself to the schedules of its apps, and stays chosen while its apps outlive its agent', async (t) => {
  await using etcd = await Etcd.start();
  await using world = EtcdWorld.create({ seeds: [etcd.url], hostname: 'h1' });
  const { client } = world;
  const stored = async (namespace: string) =>
    (await client.get(`/scheduler/hostname/h1/${namespace}`))?.value.toString();
  const until = async (namespace: string, holds: (text: string | undefined) => boolean): Promise<void> => {
    const key = `/scheduler/hostname/h1/${namespace}`;
    for await (const _ of client.changes({ key })) if (holds(await stored(namespace))) return;
  };
  const start = (staysChosen: boolean) => {
    const settled = deferred();
    const labels = { zone: 'north' };
    const options = { client, hostname: 'h1', labels, log, staysChosen, onSettled: settled.resolve };
    const candidacies = new ScheduleCandidacies(options);
    const over = new AbortController();
    const running = candidacies.run(over.signal);
    const stop = async () => {
      over.abort();
      await running;
    };
    return { candidacies, stop, settled: settled.promise };
  };

  const first = start(false);
  first.candidacies.want(new Map([['web', { namespace: 'web', maxCount: 2 }]]));
  await until('web', (text) => text?.includes('maxCount=2') === true);
  t.regex((await stored('web')) ?? '', /strategy=rr.*label=zone%3Dnorth/);
  t.false(first.candidacies.isSettled('web'), 'it may still be chosen');
  await first.settled;
  t.true(first.candidacies.isSettled('web'));
  first.candidacies.want(
    new Map([
      ['web', { namespace: 'web', maxCount: 3 }],
      ['jobs', { namespace: 'jobs', strategy: 'capacity' }],
    ]),
  );
  await until('jobs', (text) => /capacity=[1-9]/.test(text ?? ''));
  await until('web', (text) => text?.includes('maxCount=3') === true);
  first.candidacies.want(new Map([['jobs', { namespace: 'jobs', strategy: 'capacity' }]]));
  await until('web', (text) => text === undefined);
  await first.stop();
  t.is(await stored('jobs'), undefined);

  const second = start(true);
  second.candidacies.want(new Map([['web', { namespace: 'web' }]]));
  await second.settled;
  await second.stop();
  const left = await client.get('/scheduler/hostname/h1/web');
  t.not(left?.lease ?? '0', '0', 'it goes when its session is over');
});

function deferred() {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
