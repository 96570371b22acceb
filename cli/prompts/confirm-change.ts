import { CliError } from '../errors.js';
import { canAsk, confirm } from './confirm.js';

/**
 * Has a person agree to a change that was shown; Enter alone declines.
 * @throws CliError `not-confirmed` without a terminal and `yes`; `declined`
 */
export async function confirmChange(
  question: string,
  { yes, signal }: { readonly yes: boolean; readonly signal: AbortSignal },
): Promise<void> {
  if (yes) return;
  if (!canAsk()) {
    const message = 'Nothing was changed: without a terminal to confirm on, pass --yes.';
    throw new CliError('not-confirmed', message);
  }
  if (await confirm(question, { signal, byDefault: false })) return;
  throw new CliError('declined', 'Nothing was changed.');
}
