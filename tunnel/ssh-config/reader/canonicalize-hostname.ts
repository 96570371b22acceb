import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { configFileError } from '../config-errors.js';
import { singleValue } from '../host-options.js';

type Options = ReadonlyMap<string, readonly string[]>;

/** The host name after CanonicalizeHostname, and whether the files must be read again. */
interface Canonical {
  readonly hostname: string;
  readonly isCanonical: boolean;
}

/**
 * Completes a host name with CanonicalDomains, if ssh_config says so.
 * @throws TunnelError `bad-destination` for a host that is in none of them, if ssh_config does not allow that
 */
export async function canonicalizeHostname(hostname: string, options: Options): Promise<Canonical> {
  const wanted = options.get('canonicalizehostname')?.[0] ?? 'false';
  const names = options.get('canonicalizepermittedcnames') ?? ['none'];
  if (!['none', 'NONE'].includes(names[0] ?? 'none')) {
    throw configFileError(
      'ssh_config',
      'CanonicalizePermittedCNAMEs needs the ssh program, which is not installed',
    );
  }
  if (wanted === 'false') return { hostname, isCanonical: false };
  const isProxied =
    singleValue(options, 'proxycommand') !== undefined || singleValue(options, 'proxyjump') !== undefined;
  const isLeft = isIP(hostname) !== 0 || /[%:]/.test(hostname) || (isProxied && wanted !== 'always');
  const found = isLeft ? hostname : await complete(hostname, options);
  return { hostname: found, isCanonical: true };
}

async function complete(hostname: string, options: Options): Promise<string> {
  const maxDots = Number(options.get('canonicalizemaxdots')?.[0] ?? 1);
  const isAnchored = hostname.endsWith('.');
  if (!isAnchored && hostname.split('.').length - 1 > maxDots) return hostname;
  const domains = (options.get('canonicaldomains') ?? []).map((domain) => domain.toLowerCase());
  const end = domains.indexOf('none');
  const suffixes = domains.slice(0, end < 0 ? domains.length : end);
  const candidates = isAnchored
    ? [hostname]
    : suffixes.map((domain) => `${hostname}.${domain.replace(/\.$/, '')}.`);
  for (const candidate of candidates) if (await isKnown(candidate)) return candidate.slice(0, -1);
  if (options.get('canonicalizefallbacklocal')?.[0] !== 'no') return hostname;
  throw configFileError('ssh_config', `the host ${hostname} is in none of its CanonicalDomains`);
}

async function isKnown(name: string): Promise<boolean> {
  try {
    await lookup(name);
    return true;
  } catch {
    return false;
  }
}
