// Does what pages say that begin with bare hosts; part of `npm run test:up`.
import test from 'ava';
import { createBareFleet } from '../../fixtures/fleet/bare/bare-fleet.js';
import { documentation } from './helpers/documentation.js';
import { Laptop } from './helpers/laptop.js';
import { runPage } from './helpers/run-page.js';
import { ShellSession } from './helpers/shell-session.js';

test('pages that begin with bare hosts can be followed to the letter', async (t) => {
  const pages = (await documentation()).filter(({ session }) => session?.kind === 'bare');
  t.pass();
  for (const page of pages) {
    t.timeout(300_000);
    const hosts = Object.fromEntries(
      (page.session?.hosts ?? []).map((name) => [name, { packages: ['etcd-server'], hasNode: true }]),
    );
    await using laptop = await Laptop.make();
    await using fleet = await createBareFleet({ hosts });
    await laptop.knowBareHosts(fleet);
    await using shell = new ShellSession(laptop);
    t.true((await runPage(page, shell)) > 0, page.file);
  }
});
