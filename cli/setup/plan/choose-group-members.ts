import type { FleetHost } from '../../fleet/file/fleet.js';
import type { HostFacts } from '../facts/host-facts.js';
import type { HostShell } from '../host/host-shell.js';

/** What is known of a host where somebody may get into the group. */
export interface ChoiceOfGroup {
  readonly host: Pick<FleetHost, 'name' | 'sudo'>;
  readonly facts: Pick<HostFacts, 'groupMembers'>;
  readonly shell: Pick<HostShell, 'user' | 'sudo' | 'way'>;
}

/** Asks whether users are put into the group `hawser`. */
export type AskGroup = (question: string) => Promise<boolean>;

/**
 * Decides who gets into the group `hawser`: users who are not root and not in it. Where the answer is no, the fleet is entered
 * by sudo there.
 *
 * @param ask the answer, or how to get it
 */
export async function chooseGroup<Host extends ChoiceOfGroup>(
  hosts: readonly Host[],
  ask: AskGroup | boolean,
): Promise<readonly Host[]> {
  const outside = hosts.filter(isOutside);
  if (outside.length === 0) return hosts;
  if (typeof ask === 'boolean' ? ask : await ask(questionFor(outside))) return hosts;
  return hosts.map((one) => {
    if (!outside.includes(one)) return one;
    one.shell.way.useSudo();
    return { ...one, host: { ...one.host, sudo: true } };
  });
}

function isOutside({ host, facts, shell }: ChoiceOfGroup): boolean {
  return shell.sudo !== 'root' && host.sudo !== true && facts.groupMembers?.includes(shell.user) !== true;
}

function questionFor(outside: readonly ChoiceOfGroup[]): string {
  const users = [...new Set(outside.map(({ shell }) => shell.user))];
  const each = users.map((user) => {
    const hosts = outside.filter(({ shell }) => shell.user === user).map(({ host }) => host.name);
    return `${user} on ${hosts.join(', ')}`;
  });
  return `Put ${each.join(' and ')} into the group hawser, whose members can run anything as root on every host? Without it, commands use sudo there.`;
}
