import type { SeenHost, Sight } from '../up/look-at-hosts.js';

/** Asks whether users are put into the group `hawser`. */
export type AskGroup = (question: string) => Promise<boolean>;

/**
 * Decides who gets into the group `hawser`: users who are not root and not in it. Where the answer is no, the fleet is entered
 * by sudo there.
 *
 * @param ask the answer, or how to get it
 */
export async function chooseGroup(sight: Sight, ask: AskGroup | boolean): Promise<Sight> {
  const outside = sight.seen.filter(isOutside);
  if (outside.length === 0) return sight;
  const joins = typeof ask === 'boolean' ? ask : await ask(questionFor(outside));
  if (joins) return sight;
  const seen = sight.seen.map((one) => {
    if (!outside.includes(one)) return one;
    one.shell.way.useSudo();
    return { ...one, host: { ...one.host, sudo: true } };
  });
  return { ...sight, seen };
}

function isOutside({ host, facts, shell }: SeenHost): boolean {
  return shell.sudo !== 'root' && host.sudo !== true && facts.groupMembers?.includes(shell.user) !== true;
}

function questionFor(outside: readonly SeenHost[]): string {
  const users = [...new Set(outside.map(({ shell }) => shell.user))];
  const each = users.map((user) => {
    const hosts = outside.filter(({ shell }) => shell.user === user).map(({ host }) => host.name);
    return `${user} on ${hosts.join(', ')}`;
  });
  return `Put ${each.join(' and ')} into the group hawser, whose members can run anything as root on every host? Without it, commands use sudo there.`;
}
