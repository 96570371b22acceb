import { readFile } from 'node:fs/promises';
import { formatDestination } from './destination.js';
import { TunnelError } from './errors.js';
import { type HostKeyTrust, parseHostKeyPin } from './host-key.js';
import { type KnownHostsLine, lookUpHost, parseKnownHosts } from './known-hosts.js';
import type { ResolvedDestination } from './ssh-config.js';

const PORT_WITHOUT_BRACKETS = 22;

/**
 * Reads what a host's key is to be measured against.
 * @throws TunnelError `host-key-unknown` for a known_hosts file that is there and cannot be read,
 * `bad-destination` for a pin that is none.
 */
export async function readTrust(
  destination: ResolvedDestination,
  { signal }: { readonly signal: AbortSignal },
): Promise<HostKeyTrust> {
  const lines: KnownHostsLine[] = [];
  for (const file of destination.knownHostsFiles) {
    lines.push(...(await readKnownHosts(file, destination, signal)));
  }
  const { host, port, hostKeyAlias, hostKey } = destination;
  return {
    destination,
    lines,
    // An alias stands for the host whatever the port.
    known:
      hostKeyAlias === undefined
        ? lookUpHost(lines, host, port)
        : lookUpHost(lines, hostKeyAlias, PORT_WITHOUT_BRACKETS),
    ...(hostKey !== undefined && { pin: parseHostKeyPin(hostKey, destination) }),
  };
}

async function readKnownHosts(
  file: string,
  destination: ResolvedDestination,
  signal: AbortSignal,
): Promise<KnownHostsLine[]> {
  try {
    return parseKnownHosts(await readFile(file, { encoding: 'utf8', signal }), file);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    // Passing over a file that is there could pass over the line that revokes a key.
    const host = formatDestination(destination);
    const message = `Could not verify ${host}: ${file} cannot be read. Make it readable or leave it out.`;
    throw new TunnelError('host-key-unknown', host, message, { file, cause: error });
  }
}
