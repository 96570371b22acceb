/** Where in a deploy a host is. */
export type DeployStep =
  | 'fetch'
  | 'wait'
  | 'once'
  | 'prepare'
  | 'stop'
  | 'switch'
  | 'start'
  | 'health'
  | 'verify'
  | 'confirm'
  | 'back';

/** What a host reports while it is at a step: the state, and a sentence for people. */
export function describeStep(
  step: DeployStep,
  app: string,
): { readonly state: 'fetching' | 'waiting' | 'applying'; readonly message: string } {
  const state = step === 'fetch' ? 'fetching' : step === 'wait' ? 'waiting' : 'applying';
  return { state, message: `${MESSAGES[step]} ${app}.` };
}

const MESSAGES: Readonly<Record<DeployStep, string>> = {
  fetch: 'Fetching',
  wait: 'Waiting for its turn to switch to',
  once: 'Running the hook "once" of',
  prepare: 'Preparing',
  stop: 'Stopping',
  switch: 'Switching to',
  start: 'Starting',
  health: 'Checking',
  verify: 'Verifying',
  confirm: 'Waiting for a person to confirm',
  back: 'Going back from',
};
