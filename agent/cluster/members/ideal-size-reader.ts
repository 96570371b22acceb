import {
  type CallOptions,
  type ClientWorld,
  DEFAULT_IDEAL_CLUSTER_SIZE,
  type Log,
  WorldError,
} from '../../../world/internal.js';

/** Reads how many servers the fleet should have. */
export type IdealSizeReader = (options: CallOptions) => Promise<number>;

/**
 * Creates a reader that returns the default while the stored value is not a valid size, which anyone may have
 * written, and logs that once.
 */
export function idealSizeReader(world: ClientWorld, log: Log): IdealSizeReader {
  let isLogged = false;
  return async (options) => {
    try {
      const size = await world.idealClusterSizeGet(options);
      isLogged = false;
      return size;
    } catch (error) {
      if (!(error instanceof WorldError) || error.code !== 'invalid') throw error;
      if (!isLogged)
        log('warn', `using the default cluster size ${DEFAULT_IDEAL_CLUSTER_SIZE}: ${error.message}`);
      isLogged = true;
      return DEFAULT_IDEAL_CLUSTER_SIZE;
    }
  };
}
