import type { Log } from '../../../world/index-without-ssh.js';
import type { ProcessMark } from '../../processes/process-mark.js';
import { ChildHost } from './child-host.js';
import type { ProcessHost } from './process-host.js';

/** How this agent runs the processes of apps. */
export function chooseProcessHost(mark: ProcessMark, log: Log): ProcessHost {
  return new ChildHost(mark, log);
}
