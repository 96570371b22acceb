import type { TestFn } from 'ava';
import { WorldError } from '../../../world/index.js';
import { newFleet, type Subject } from './subject.js';

const NO_TEXT = Buffer.from([0x68, 0xff, 0xfe]);

/** The part of the conformance tests that is about what other programs left among our keys. */
export function strayKeysConform(test: TestFn, subject: () => Subject): void {
  test.serial(
    'a value that is no text is refused by name, and text that could not be stored too',
    async (t) => {
      await using world = await subject().open('h1', newFleet());
      const invalid = { instanceOf: WorldError, code: 'invalid' };
      await world.client.set('/strings/motd', NO_TEXT);
      await world.client.set('/deploy/1/payload', NO_TEXT);
      await world.client.set('/deploy/1/hash', NO_TEXT);
      await t.throwsAsync(world.strGet('motd'), {
        ...invalid,
        message: /\/strings\/motd is not valid UTF-8/,
      });
      await t.throwsAsync(world.getDeploy(1), { ...invalid, message: /\/deploy\/1\/payload/ });
      await t.throwsAsync(world.getDeployHash(1), { ...invalid, message: /\/deploy\/1\/hash/ });
      t.is(await world.getMaxDeployId(), 1);
      await t.throwsAsync(world.strSet('motd', 'half \ud83d'), invalid);
      await t.throwsAsync(world.strSet('\udc00', 'x'), invalid);
      await t.throwsAsync(world.strMapSet('motd', '\udc00'), invalid);
      await t.throwsAsync(world.addDeploy(2, '', '', '\ud83d'), invalid);
    },
  );

  test.serial('foreign and corrupt keys break no listing, and each is warned of once, by name', async (t) => {
    const warnings: string[] = [];
    await using world = await subject().open('h1', newFleet(), (level, message) => {
      if (level === 'warn') warnings.push(message);
    });
    const { client } = world;
    const good = [
      ['/strings/ip/h2', '10.0.0.2'],
      ['/exported/h1/h2/k/n', 'data'],
      ['/deploy/1/payload', 'one'],
    ] as const;
    const stray = [
      ['/strings/ip/h,3', '?'],
      ['/strings/ip/h4', NO_TEXT],
      ['/strings/ip/h\uFFFD', '?'],
      ['/exported/h1/h2/k/\uFFFD', '?'],
      ['/exported/h1/', '?'],
      ['/exported/h1/h2/k', '?'],
      ['/exported/h1/h2/k/', '?'],
      ['/exported/*/h,2/k/n', '?'],
      ['/exported/*/h2/k/n', NO_TEXT],
      ['/deploy/x/payload', '?'],
      ['/deploy/2/payload', NO_TEXT],
      ['/deploy/3', '?'],
      ['/reports/1/h2', NO_TEXT],
      ['/reports/1/h/3', '{}'],
      ['/agents/h2', 'not JSON'],
      ['/agents/', '{}'],
    ] as const;
    for (const [key, value] of [...good, ...stray]) await client.set(key, value);
    for (let again = 0; again < 2; again += 1) {
      t.deepEqual(await world.strMapGet('ip'), new Map([['h2', '10.0.0.2']]));
      t.deepEqual(await world.resCollect([{}]), [{ kind: 'k', name: 'n', host: 'h2', data: 'data' }]);
      t.deepEqual(await world.getDeploys(), new Map([[1, 'one']]));
      t.deepEqual(await world.getReports(1), new Map());
      t.deepEqual(await world.getAgents(), new Map());
    }
    for (const [key] of stray) {
      const about = warnings.filter((warning) => warning.startsWith(`Skipping ${key}: `));
      t.is(about.length, 1, `${key}: ${warnings.join('\n')}`);
    }
    t.is(warnings.length, stray.length);
  });
}
