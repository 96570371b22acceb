// Does what pages say that begin with bare hosts; part of `npm run test:up`.
import test, { type ExecutionContext } from 'ava';
import pLimit from 'p-limit';
import { createBareFleet } from '../../fixtures/fleet/bare/bare-fleet.js';
import { type DocumentationPage, documentation } from './helpers/documentation.js';
import { Laptop } from './helpers/laptop.js';
import { runPage } from './helpers/run-page.js';
import { ShellSession } from './helpers/shell-session.js';

// Most of the time hosts wait for each other.
const limited = pLimit(2);

for (const page of await documentation()) {
  if (page.session?.kind !== 'bare') continue;
  const { hosts } = page.session;
  test(`${page.file} can be followed to the letter`, (t) => limited(() => follow(t, page, hosts)));
}

async function follow(t: ExecutionContext, page: DocumentationPage, names: readonly string[]): Promise<void> {
  t.timeout(300_000);
  const hosts = Object.fromEntries(names.map((name) => [name, { packages: ['etcd-server'], hasNode: true }]));
  await using laptop = await Laptop.make();
  await using fleet = await createBareFleet({ hosts });
  await laptop.knowBareHosts(fleet);
  await using shell = new ShellSession(laptop);
  t.true((await runPage(page, shell)) > 0, `${page.file} has a session and no command`);
}
