import { CliError } from '../errors.js';

/** What is known of the key of a host that is to get a secret. */
export interface HostKeyFacts {
  readonly host: string;
  /** What etcd has, which anyone who can write there could have put there. */
  readonly published: string | undefined;
  /** What the fleet file has, as an earlier run read it on the host. */
  readonly pinned: string | undefined;
}

/** What hosts said over SSH, whose host keys were verified. */
export interface SaidByHosts {
  /** By the name of a host; undefined for one that has no key. */
  readonly byHost: ReadonlyMap<string, string | undefined>;
  /** By hosts of which it is not known what the fleet calls them. */
  readonly byOthers: ReadonlySet<string>;
}

/** The hosts whose keys are not proven by the fleet file, and so have to be asked. */
export function hostsToAsk(facts: readonly HostKeyFacts[]): string[] {
  return facts
    .filter(({ published, pinned }) => pinned === undefined || pinned !== published)
    .map(({ host }) => host);
}

/**
 * Decides what to encrypt to for each host: only what the host itself said, now or when the fleet file was written.
 *
 * @returns the recipients by host, and the hosts of which only etcd says what theirs is
 * @throws CliError `no-secret` for a host without a key; `refused` where etcd has another key than the host
 */
export function judgeRecipients(
  facts: readonly HostKeyFacts[],
  said: SaidByHosts,
): { readonly recipients: ReadonlyMap<string, string>; readonly unproven: readonly string[] } {
  const recipients = new Map<string, string>();
  const unproven: string[] = [];
  const all = new Set(facts.map(({ published }) => published));
  // Whose key is whose, only etcd says. That does not matter where all of these hosts are to read the secret anyway.
  const others = [...said.byOthers].every((key) => all.has(key)) ? said.byOthers : new Set<string>();
  for (const { host, published, pinned } of facts) {
    const own = said.byHost.get(host);
    if (published === undefined || (said.byHost.has(host) && own === undefined)) throw hasNoKey(host);
    if (own !== undefined && own !== published) throw isAnother(host, 'the host itself has');
    if (own === undefined && pinned !== undefined && pinned !== published)
      throw isAnother(host, 'the fleet file has');
    const isProven = own !== undefined || pinned !== undefined || others.has(published);
    if (!isProven) unproven.push(host);
    recipients.set(host, published);
  }
  return { recipients, unproven };
}

function hasNoKey(host: string): CliError {
  const message = `${host} has no key for secrets yet: its agent makes one when it runs this release. Start or upgrade it ("hawser upgrade ${host}"), or leave the host out with --hosts.`;
  return new CliError('no-secret', message);
}

function isAnother(host: string, where: string): CliError {
  const message = `etcd has another key for secrets of ${host} than ${where}, so somebody may want to read what is for ${host}. Nothing was stored. Find out who writes into etcd; where the host was only set up again, restart its agent.`;
  return new CliError('refused', message);
}
