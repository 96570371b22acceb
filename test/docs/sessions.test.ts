// Does what pages say that have a mark `session`: see site/README.md.
import test, { type ExecutionContext } from 'ava';
import { createFleet, type Fleet } from '../../fixtures/index.js';
import { agentsRegistered, openWorld } from '../cli/helpers/hawser.js';
import { type DocumentationPage, documentation } from './helpers/documentation.js';
import { Laptop } from './helpers/laptop.js';
import type { Session } from './helpers/parse-page.js';
import { runPage } from './helpers/run-page.js';
import { ShellSession } from './helpers/shell-session.js';

const pages = await documentation();

// Files may be written by a test of a page's own.
test('a page with marks of what is executed has a session', (t) => {
  for (const { file, session, items } of pages) {
    const isExecuted = items.some((item) => item.kind === 'hidden' || item.marks.has('interrupt'));
    t.false(isExecuted && session === undefined, file);
  }
});

for (const page of pages) {
  const { session } = page;
  if (session === undefined || session.kind === 'bare') continue;
  test.serial(`${page.file} can be followed to the letter`, async (t) => {
    t.timeout(180_000);
    await follow(t, page, session);
  });
}

async function follow(t: ExecutionContext, page: DocumentationPage, { kind, hosts }: Session): Promise<void> {
  await using laptop = await Laptop.make();
  await using fleet = kind === 'laptop' ? undefined : await startFleet(kind, hosts);
  if (fleet !== undefined) await laptop.know(fleet);
  await using shell = new ShellSession(laptop);
  t.true((await runPage(page, shell)) > 0, `${page.file} has a session and no command`);
}

async function startFleet(kind: Session['kind'], hosts: readonly string[]): Promise<Fleet> {
  const fleet = await createFleet({ hosts, backend: kind === 'fleet' ? 'processes' : 'containers' });
  try {
    await agentsRegistered(fleet);
    await clusterGrown(fleet);
    return fleet;
  } catch (error) {
    await fleet.close();
    throw error;
  }
}

/** Waits until as many hosts serve as will: an even number of voters is of no more use than one less. */
async function clusterGrown(fleet: Fleet): Promise<void> {
  await using world = await openWorld(fleet);
  const signal = AbortSignal.timeout(60_000);
  const wanted = fleet.hosts.length - ((fleet.hosts.length + 1) % 2);
  for await (const _ of world.watchEndpoints({ signal })) {
    if ((await world.advertisedEndpoints({ signal })).size >= wanted) return;
  }
}
