import type { Duplex } from 'node:stream';
import type { Link } from '../transport/transport.js';
import type { ForwardTarget } from './forward-target.js';
import { type OpenOptions, openCommand } from './open-command.js';

/**
 * Connects to a target over a link, in the way that leads there on this host.
 * @throws TunnelError as `Link.openChannel` and {@link openCommand}
 */
export function openTarget(link: Link, target: ForwardTarget, options: OpenOptions): Promise<Duplex> {
  const reached = 'command' in target ? target : (link.reach?.(target) ?? target);
  return 'command' in reached ? openCommand(link, reached, options) : link.openChannel(reached, options);
}
