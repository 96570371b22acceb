import { existsSync } from 'node:fs';
import type { Log } from '../../../world/internal.js';
import type { ProcessMark } from '../../processes/process-mark.js';
import { UnitHost } from '../units/unit-host.js';
import { UNIT_FOLDER } from '../units/unit-names.js';
import { ChildHost } from './child-host.js';
import type { ProcessHost } from './process-host.js';

/** How this agent runs the processes of apps: as units where it was told so and systemd runs the host. */
export function chooseProcessHost(mark: ProcessMark, log: Log, useUnits: boolean): ProcessHost {
  return useUnits && existsSync(UNIT_FOLDER) ? new UnitHost(mark, log) : new ChildHost(mark, log);
}
