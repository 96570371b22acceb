import { GROUP, PATHS } from '../../setup/service/service-paths.js';
import type { Check } from '../check.js';
import type { HostFact } from '../facts/host-fact.js';
import type { LookFact } from '../facts/parse-look.js';
import type { WayFact } from '../facts/way-fact.js';
import { type Finding, ok, skipped, wrong } from '../finding.js';
import { onHost, type Subject } from '../subject.js';

/** What the host sees at the socket, and whether SSH leads through it. */
export interface SocketFact extends HostFact {
  readonly way: WayFact;
}

/** Whether etcd's socket is there, is served, and lets the user in. */
export const socket: Check<SocketFact> = {
  name: 'socket',
  title: 'socket of etcd',
  look: async (patient) => ({ ...(await patient.host()), way: await patient.way() }),
  judge(fact, subject): Finding {
    const path = subject.seeds.find((seed) => seed.startsWith('unix:'))?.slice('unix://'.length);
    if (path === undefined || fact.look?.socket === undefined) return skipped('etcd is entered by TCP');
    const { way, look, facts } = fact;
    if (way.seed !== undefined && way.error === undefined) return ok(path);
    const runsNoEtcd = facts?.agent.isRunning === true && !facts.agent.servesEtcd;
    switch (look.socket) {
      case 'missing':
        return runsNoEtcd ? skipped('no etcd runs on this host') : judgeMissing(path, fact, subject);
      case 'other':
        return wrong(
          'not-a-socket',
          `What is at ${path} on ${subject.name} is no socket: a file that somebody put there, or a link that leads nowhere.`,
          `Remove it, and start the agent again: ${onHost(subject, `'rm ${path} && systemctl restart hawser.service'`)}`,
        );
      case 'socket':
        // One may be left behind where a host has stopped being a member.
        if (!look.isListening)
          return runsNoEtcd ? skipped('no etcd runs on this host') : judgeDead(path, fact, subject);
    }
    return judgePermission(path, look, fact, subject);
  },
};

function judgeMissing(path: string, { facts }: SocketFact, { name, isFleetHost }: Subject): Finding {
  if (!isFleetHost && path === PATHS.socket) return skipped('no etcd here');
  const isInstalled = facts?.agent.record !== undefined;
  return wrong(
    'socket-missing',
    `There is no socket of etcd at ${path} on ${name}, and no agent that would make it.`,
    isInstalled ? 'hawser up' : 'Start the agent there, or name the right socket: --seeds unix:///PATH',
  );
}

function judgeDead(path: string, { facts }: SocketFact, subject: Subject): Finding {
  const isInstalled = facts?.agent.record !== undefined;
  return wrong(
    'socket-dead',
    `The socket ${path} on ${subject.name} is there, but nobody listens at it: etcd does not run, and left it behind.`,
    isInstalled
      ? `See why in the agent's log: ${onHost(subject, 'journalctl -u hawser.service -n 50')}`
      : 'Start the agent there again.',
  );
}

function judgePermission(
  path: string,
  { socket, mayEnter }: LookFact,
  { rootError }: SocketFact,
  { destination, name, isFleetHost, usesBridge }: Subject,
): Finding {
  // Whether the way leads there is the next check.
  if (socket === 'socket' && (mayEnter || usesBridge)) return ok(path);
  const isOurs = path === PATHS.socket;
  const why = isOurs ? `is not in the group ${GROUP}` : 'is neither its owner nor in its group';
  return wrong(
    'socket-permission',
    `${destination.user} may not enter the socket ${path} on ${name}: the user ${why}, or logged in before that was so.`,
    isFleetHost && isOurs && rootError === undefined
      ? 'hawser up'
      : `As root there: usermod -aG ${isOurs ? GROUP : 'GROUP'} ${destination.user}`,
  );
}
