import { confirm } from './confirm.js';

export { canAsk } from './confirm.js';

/** Asks whether to deploy; Enter alone says yes. @throws InterruptedError as {@link confirm} */
export function confirmDeploy(question: string, signal: AbortSignal): Promise<boolean> {
  return confirm(question, { signal, byDefault: true });
}
