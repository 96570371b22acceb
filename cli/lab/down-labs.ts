import type { OutputOptions } from '../output/print.js';
import { chooseLab, listLabs } from './labs.js';
import { withTesting } from './load-testing.js';

/** Removes one lab, or all. @returns their names @throws CliError `usage` if there is none of that name */
export async function downLabs(
  name: string | undefined,
  flags: OutputOptions & { readonly all: boolean },
): Promise<string[]> {
  const labs = await listLabs(flags);
  const wanted = flags.all ? labs : [chooseLab(labs, name)];
  for (const { id } of wanted) {
    await withTesting(async ({ attachFleet }) => (await attachFleet(id)).close());
  }
  return wanted.map((lab) => lab.name);
}
