import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { resolveDestination, TunnelError } from '../../../tunnel/index.js';
import { temporaryFolder, withOpenSsh, withoutOpenSsh } from '../helpers/ssh-config/ssh-config-agreement.js';
import { GENERATED_VARIABLES, type GeneratedConfig, generatedConfig } from './generator.js';

test.serial(
  'whatever a file says, our own reading answers as OpenSSH does, and refuses what it does',
  async (t) => {
    const folder = await temporaryFolder(t);
    const configFile = join(folder, 'config');
    await mkdir(join(folder, 'd'));
    const write = async ({ lines, included }: GeneratedConfig) => {
      const text = (some: readonly string[]) =>
        `${some.join('\n').replaceAll('FOLDER', join(folder, 'd'))}\n`;
      await writeFile(configFile, text(lines));
      for (const [at, some] of included.entries())
        await writeFile(join(folder, 'd', `${at}.conf`), text(some));
      return text(lines);
    };
    const answer = async (environment: typeof withOpenSsh) => {
      try {
        const variables = { ...GENERATED_VARIABLES, ...environment };
        return await resolveDestination('web', { environment: variables, configFile });
      } catch (error) {
        t.true(error instanceof TunnelError, String(error));
        return undefined;
      }
    };
    await fc.assert(
      fc.asyncProperty(generatedConfig, async (config) => {
        const written = await write(config);
        const [byOpenSsh, byUs] = await Promise.all([answer(withOpenSsh), answer(withoutOpenSsh)]);
        t.deepEqual(byUs, byOpenSsh, written);
      }),
      { numRuns: 60 },
    );
  },
);

test.serial(
  'no text makes anything else of a destination than a TunnelError or one that OpenSSH could be asked for',
  async (t) => {
    await fc.assert(
      fc.asyncProperty(fc.string(), async (text) => {
        try {
          const { host } = await resolveDestination(text, {
            environment: withoutOpenSsh,
            configFile: 'none',
          });
          return !host.startsWith('-');
        } catch (error) {
          return error instanceof TunnelError;
        }
      }),
      { numRuns: 500 },
    );
    t.pass();
  },
);
