import { packageVersion } from '../../../base/package-version.js';
import type { HostShell } from '../host/host-shell.js';
import { trustedBy } from '../plan/plan-certificate.js';
import type { HostPlan } from '../plan/plan-host.js';
import type { RunningPrograms } from '../programs/prune-programs.js';
import { continueRecord, type InstallRecord, ranBefore, uuidOf } from '../record/install-record.js';
import { writeInstallRecord } from '../record/write-install-record.js';
import { accountsToMake } from '../service/plan-accounts.js';
import type { HostRole } from './bring-up-hosts.js';

/** The fleet that a host becomes part of, and how it runs hawser. */
interface JournalSite {
  readonly fleet: { readonly name: string; readonly id: string };
  readonly useHostNode: boolean;
}

/** What is written on the host of what was done there. */
export class Journal {
  readonly #shell: HostShell;
  readonly #base: InstallRecord;
  #done: Partial<InstallRecord> = {};

  constructor(shell: HostShell, plan: HostPlan, role: HostRole, { fleet, useHostNode }: JournalSite) {
    this.#shell = shell;
    const { record } = plan.facts.agent;
    this.#base = continueRecord(record, {
      state: 'in-progress',
      fleet: { name: fleet.name, id: uuidOf(fleet.id) },
      hostname: plan.host.name,
      address: plan.host.address,
      labels: plan.host.labels,
      release: plan.release,
      version: plan.sendsPrograms ? packageVersion() : (record?.version ?? ''),
      created: accountsToMake(plan.facts),
      at: '',
      // What its etcd trusts changes with its next start, and not with the files.
      ...(record === undefined ? {} : { trusts: trustedBy(plan.facts.agent) }),
      ...ranBefore(record, plan.release),
      ...(role === 'founder' ? { isFounder: true } : {}),
      ...(useHostNode && plan.facts.node !== undefined ? { runtime: plan.facts.node.path } : {}),
    });
  }

  /** What runs hawser, and what did before. */
  get programs(): readonly RunningPrograms[] {
    const { release, runtime, before } = { ...this.#base, ...this.#done };
    return [{ release, runtime }, before ?? {}];
  }

  /** What was installed in this run. */
  get etcd(): string | undefined {
    return this.#done.etcd;
  }

  async write(
    state: InstallRecord['state'],
    done: Partial<InstallRecord>,
    signal: AbortSignal,
  ): Promise<undefined> {
    this.#done = { ...this.#done, ...done };
    const at = new Date().toISOString();
    await writeInstallRecord(
      this.#shell,
      continueRecord(this.#base, { ...this.#base, ...this.#done, state, at }),
      signal,
    );
  }
}
