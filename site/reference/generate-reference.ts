import { readFileSync } from 'node:fs';
import path from 'node:path';
import { EXIT_CODES } from '../../cli/exit-codes.js';
import { fleetJsonSchema } from '../../cli/fleet/file/fleet-json-schema.js';
import { Interrupts } from '../../cli/interrupts.js';
import { manifestJsonSchema } from '../../cli/manifest/manifest-json-schema.js';
import { program } from '../../cli/program.js';
import * as keys from '../../world/keys.js';
import type { Page } from '../pages/page.js';
import { commandList, commandPages } from './command-pages.js';
import { exitCodesTable } from './exit-codes-table.js';
import { keysTable } from './keys-table.js';
import { schemaTable } from './schema-table.js';

/** What the code says about itself. */
export interface Reference {
  /** What pages that people wrote have a place for, by name. */
  readonly parts: Readonly<Record<string, string>>;
  readonly pages: readonly Page[];
}

export async function generateReference(project: string): Promise<Reference> {
  using interrupts = new Interrupts();
  const root = await program({ version: '', interrupts, exitCode: EXIT_CODES.done });
  return {
    parts: {
      commands: commandList(root),
      'exit-codes': exitCodesTable(),
      keys: keysTable(readFileSync(path.join(project, 'world/keys.ts'), 'utf8'), keys),
      'hawser-yaml': schemaTable(manifestJsonSchema()),
      'fleet-file': schemaTable(fleetJsonSchema()),
      library:
        'Every export: [hawser](library/hawser/index.md), [hawser/tunnel](library/hawser/tunnel/index.md), [hawser/world](library/hawser/world/index.md), [hawser/agent](library/hawser/agent/index.md), [hawser/testing](library/hawser/testing/index.md).',
    },
    pages: commandPages(root),
  };
}
