import { setImmediate } from 'node:timers/promises';
import { TunnelError } from '../errors.js';
import { readFileOrPipe, UnreadableFile } from '../files/read-without-blocking.js';
import { isMissing } from '../files/system-error-code.js';
import { formatDestination } from '../parse-destination.js';
import type { ResolvedDestination } from '../ssh-config/resolved-destination.js';
import type { HostKeyTrust } from './decide-host-key.js';
import { parseHostKeyPins } from './host-key-pin.js';
import { type KnownHostsLine, lookUpHost, namesOfHost, parseKnownHosts } from './known-hosts.js';

/** An alias applies to the host on any port. */
const PORT_WITHOUT_BRACKETS = 22;
/** More than anybody has, and still little memory. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;
/** How much is parsed at a time; Ctrl-C works in between. */
const SLICE_CHARACTERS = 256 * 1024;

interface ReadOptions {
  readonly destination: ResolvedDestination;
  readonly signal: AbortSignal;
  /** Only lines that match one of these names are wanted. Default: all lines. */
  readonly names?: readonly string[] | undefined;
}

/**
 * Reads what a host's key is compared with.
 * @throws TunnelError `host-key-unknown` for an existing known_hosts file that cannot be read, `bad-destination` for an
 * invalid pin
 */
export async function readHostKeyTrust(
  destination: ResolvedDestination,
  { signal }: { readonly signal: AbortSignal },
): Promise<HostKeyTrust> {
  const { host, hostKey } = destination;
  const alias = destination.hostKeyAlias;
  const [name, port] = alias === undefined ? [host, destination.port] : [alias, PORT_WITHOUT_BRACKETS];
  const lines = await readLines({ destination, signal, names: namesOfHost(name, port) });
  return {
    destination,
    known: lookUpHost(lines, name, port),
    linesWith: async (key) =>
      (await readLines({ destination, signal })).filter((line) => line.key.equals(key)),
    pins: hostKey === undefined ? undefined : parseHostKeyPins(hostKey, destination),
  };
}

async function readLines(options: ReadOptions): Promise<KnownHostsLine[]> {
  const lines: KnownHostsLine[] = [];
  for (const file of options.destination.knownHostsFiles) {
    for await (const some of linesOf(file, options)) lines.push(...some);
  }
  return lines;
}

/** Parses a file slice by slice. */
async function* linesOf(file: string, options: ReadOptions): AsyncIterable<KnownHostsLine[]> {
  const text = await readText(file, options);
  let line = 1;
  for (let start = 0; start < text.length; ) {
    const end = text.indexOf('\n', start + SLICE_CHARACTERS);
    const slice = text.slice(start, end === -1 ? text.length : end);
    yield parseKnownHosts(slice, file, { names: options.names, firstLine: line });
    line += slice.split('\n').length;
    start += slice.length + 1;
    await setImmediate();
    options.signal.throwIfAborted();
  }
}

async function readText(file: string, { destination, signal }: ReadOptions): Promise<string> {
  try {
    const content = await readFileOrPipe(file, { maxBytes: MAX_FILE_BYTES, signal });
    // As bytes, like OpenSSH.
    return content.toString('latin1');
  } catch (error) {
    if (signal.aborted) throw outOfTime(file, destination, signal.reason);
    if (error instanceof UnreadableFile) {
      throw cannotRead(file, destination, `cannot be read, ${error.message}`, error);
    }
    if (isMissing(error)) return '';
    // Skipping an existing file could skip the line that revokes the key.
    throw cannotRead(file, destination, 'cannot be read', error);
  }
}

/** Names the pipe that was not read before the connection timed out; other aborts keep their reason. */
function outOfTime(file: string, destination: ResolvedDestination, reason: unknown): unknown {
  if (!(reason instanceof TunnelError)) return reason;
  return cannotRead(file, destination, 'was not read to its end in time', reason);
}

function cannotRead(
  file: string,
  destination: ResolvedDestination,
  problem: string,
  cause?: unknown,
): TunnelError {
  const host = formatDestination(destination);
  const message = `Could not verify ${host}: ${file} ${problem}. Make it readable or remove it from the configuration.`;
  return new TunnelError('host-key-unknown', host, message, { file, cause });
}
