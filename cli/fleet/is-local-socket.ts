import { statSync } from 'node:fs';
import { parseEndpoint } from '../../world/client/calls/parse-endpoint.js';

/** Whether an endpoint is a unix socket that is there, or that we may not see. */
export function isLocalSocket(url: string): boolean {
  const endpoint = parseEndpoint(url);
  if (endpoint.scheme !== 'unix') return false;
  try {
    return statSync(endpoint.path).isSocket();
  } catch (error) {
    // Connecting reports a directory that this user may not enter.
    return (error as NodeJS.ErrnoException).code === 'EACCES';
  }
}
