import { PATHS } from '../setup/service/service-paths.js';

/** What the bridge prints before the stream begins. */
export const GREETING = 'hawser-bridge 1';

/** The only socket that it leads to: with sudo, any other would be a way around what sudo allows. */
export const BRIDGED_SOCKET = PATHS.socket;

/** What runs on the host, and what a rule for sudo there has to allow, to the letter. */
export const BRIDGE = [PATHS.wrapper, 'bridge', BRIDGED_SOCKET] as const;
