import type { AppCondition } from '../world.js';

/** "ended (exit code 7), started again 4 times" */
export function describeCondition({ lastExit = 'went down', restarts }: AppCondition): string {
  if (restarts === 0) return lastExit;
  return `${lastExit}, started again ${restarts === 1 ? 'once' : `${restarts} times`}`;
}
