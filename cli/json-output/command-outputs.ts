import type { CommandOutputs } from './command-output.js';
import { deployOutputs } from './deploy-outputs.js';
import { hostOutputs } from './host-outputs.js';
import { setupOutputs } from './setup-outputs.js';
import { stateOutputs } from './state-outputs.js';
import { statusOutputs } from './status-outputs.js';

/** What each command prints with `--json`; a test makes sure that none is missing. */
export const commandOutputs: CommandOutputs = {
  ...setupOutputs,
  ...deployOutputs,
  ...statusOutputs,
  ...hostOutputs,
  ...stateOutputs,
};
