import { execFile } from 'node:child_process';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parsePublicKey } from '../../../base/key-formats/parse-public-key.js';
import { chooseTransport, type TransportName } from '../../../tunnel/connection/choose-transport.js';
import { actionForUnknownKey, canStoreHostKey } from '../../../tunnel/host-key/decide-host-key.js';
import { parseKnownHosts } from '../../../tunnel/host-key/known-hosts.js';
import { orderHostKeyAlgorithms } from '../../../tunnel/host-key/order-host-key-algorithms.js';
import { readHostKeyTrust } from '../../../tunnel/host-key/read-host-key-trust.js';
import { verifyHostKey } from '../../../tunnel/host-key/verify-host-key.js';
import { type ResolvedDestination, TunnelError } from '../../../tunnel/index.js';
import { resolveBy } from '../helpers/ssh-config/ssh-config-file.js';
import type { Sshd } from '../helpers/sshd.js';
import { never } from '../transport/contract/connected.js';

/** What is known of a host, and how strictly it is taken. */
export interface Situation {
  /** Lines of the user's known_hosts file. */
  readonly user?: readonly string[];
  /** Lines of the system's. */
  readonly global?: readonly string[];
  readonly strictness: 'yes' | 'ask' | 'accept-new' | 'no';
  /** Further lines of ssh_config. */
  readonly config?: readonly string[];
}

/** `accepted` and nothing else, or how many lines were added to the user's file besides. */
export type Outcome = 'refused' | 'accepted' | 'accepted and stored';

interface Prepared {
  readonly known: string;
  readonly config: string;
}

/** A server that lets nobody in, so that a host key that was accepted shows as a login that failed. */
export class HostKeyTable {
  readonly #sshd: Sshd;
  /** Public keys of the server, by type. */
  readonly #keys: ReadonlyMap<string, Buffer>;

  constructor(sshd: Sshd, keys: readonly string[]) {
    this.#sshd = sshd;
    this.#keys = new Map(
      keys.map((text) => [text.split(' ')[0] ?? '', Buffer.from(text.split(' ')[1] ?? '', 'base64')]),
    );
  }

  /** What OpenSSH itself does. */
  async byOpenSsh(situation: Situation): Promise<Outcome> {
    const { config, known } = await this.#prepare(situation);
    const settings = ['BatchMode=yes', 'PreferredAuthentications=none', 'LogLevel=ERROR'];
    const args = ['-F', config, ...settings.flatMap((one) => ['-o', one]), 'host', 'true'];
    const said = await new Promise<string>((resolve) => {
      execFile('ssh', args, (_, __, stderr) => resolve(stderr));
    });
    if (/Host key verification failed/.test(said)) return outcome(false, situation, known);
    if (/Permission denied/.test(said)) return outcome(true, situation, known);
    throw new Error(`ssh said ${said}`);
  }

  /** What a transport of ours does. */
  async byTransport(name: TransportName, situation: Situation): Promise<Outcome> {
    const { config, known } = await this.#prepare(situation);
    try {
      const link = await chooseTransport(name).dial(await this.#resolve(config), {
        keepaliveIntervalMs: 2_000,
        keepaliveCountMax: 3,
        signal: never,
      });
      await link.close();
      throw new Error('somebody was let in');
    } catch (error) {
      if (!(error instanceof TunnelError)) throw error;
      if (error.code !== 'auth-failed' && !error.code.startsWith('host-key-')) throw error;
      return outcome(error.code === 'auth-failed', situation, known);
    }
  }

  /** What our verdict is, without a connection. */
  async byVerdict(situation: Situation): Promise<Outcome> {
    const destination = await this.#resolve((await this.#prepare(situation)).config);
    const trust = await readHostKeyTrust(destination, { signal: never });
    const [key] = orderHostKeyAlgorithms(trust).flatMap(
      (name) => this.#keys.get(name.replace(/^rsa-.*/, 'ssh-rsa')) ?? [],
    );
    if (key === undefined) throw new Error('no key in common');
    const verdict = verifyHostKey(key, trust);
    if (verdict.accepted) return 'accepted';
    if (verdict.error.code !== 'host-key-unknown' || parsePublicKey(key) === undefined) return 'refused';
    const reaction = actionForUnknownKey({
      strictness: destination.strictHostKeyChecking,
      canStore: canStoreHostKey(destination),
      canAsk: false,
    });
    return reaction === 'accept and store' ? 'accepted and stored' : 'refused';
  }

  async #prepare({ user = [], global = [], strictness, config = [] }: Situation): Promise<Prepared> {
    const folder = await mkdtemp(join(this.#sshd.folder, 'situation-'));
    const files = { known: join(folder, 'known'), global: join(folder, 'global'), config: join(folder, 'c') };
    await writeFile(files.known, user.map((line) => `${line}\n`).join(''));
    await writeFile(files.global, global.map((line) => `${line}\n`).join(''));
    const lines = [
      ...config,
      `StrictHostKeyChecking ${strictness}`,
      `UserKnownHostsFile ${files.known}`,
      `GlobalKnownHostsFile ${files.global}`,
      'HostName 127.0.0.1',
      `Port ${this.#sshd.port}`,
      'IdentityFile none',
      'IdentityAgent none',
    ];
    await writeFile(files.config, `${lines.join('\n')}\n`);
    return { known: files.known, config: files.config };
  }

  async #resolve(config: string): Promise<ResolvedDestination> {
    return { ...(await resolveBy(config, 'host')), batchMode: true };
  }
}

async function outcome(isAccepted: boolean, { user = [] }: Situation, known: string): Promise<Outcome> {
  const added = parseKnownHosts(await readFile(known), known).filter(({ line }) => line > user.length);
  if (!isAccepted) return added.length === 0 ? 'refused' : fail('stored what was refused');
  return added.length === 0 ? 'accepted' : 'accepted and stored';
}

function fail(problem: string): never {
  throw new Error(problem);
}
