import { CliError } from '../errors.js';
import { writeLine } from '../output/hold-stderr-while-asking.js';
import { canAsk, confirm } from '../prompts/confirm.js';
import { decideTrust, type FolderConfig } from './decide-trust.js';
import { shortKeyLines } from './format-settings.js';
import { recallTrust, rememberTrust } from './trusted-folders.js';

/**
 * Accepts a directory's file only if the person trusts it: already, or by their answer now.
 *
 * @param options.used the keys that this call would use
 * @param options.mayAsk whether a person may be asked; only a terminal is, and `--yes` does not answer this question
 * @throws CliError `not-trusted`, `not-yours`; InterruptedError on Ctrl-C
 */
export async function requireTrust(
  config: FolderConfig,
  options: { readonly used: readonly string[]; readonly mayAsk: boolean; readonly signal?: AbortSignal },
): Promise<void> {
  const { used, mayAsk, signal } = options;
  const verdict = decideTrust(config, await recallTrust(config.folder), used);
  if (verdict.kind === 'trusted') return;
  if (verdict.kind === 'not-yours') throw new CliError('not-yours', verdict.message);
  const lines = mayAsk && signal !== undefined && canAsk() ? shortKeyLines(config.keys) : undefined;
  if (lines === undefined || signal === undefined) {
    throw new CliError('not-trusted', verdict.message);
  }
  const what = verdict.kind === 'changed' ? 'has changed and now decides' : 'decides';
  const heading = `${config.file} ${what} how to reach the fleet:`;
  for (const line of [heading, ...lines]) writeLine(line);
  const question = 'Trust this directory until these settings change?';
  if (!(await confirm(question, { signal, byDefault: false }))) {
    throw new CliError('not-trusted', `Nothing was done, because you did not trust ${config.folder}.`);
  }
  const { folder, digest } = config;
  await rememberTrust({ folder, digest, since: new Date().toISOString() });
}
