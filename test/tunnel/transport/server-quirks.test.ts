import { PassThrough } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import test from 'ava';
import {
  execRefused,
  NoSessionError,
  type RemoteCommand,
  RunningCommand,
} from '../../../tunnel/exec/remote-command.js';
import type { ResolvedDestination } from '../../../tunnel/ssh-config/resolved-destination.js';
import { LinkSessions } from '../../../tunnel/transport/link-sessions.js';
import { LivenessProbe, type Probe } from '../../../tunnel/transport/liveness/liveness-probe.js';
import { quirksOf, type ServerQuirks } from '../../../tunnel/transport/liveness/server-quirks.js';

const destination: ResolvedDestination = {
  user: 'me',
  host: 'h',
  port: 22,
  alias: 'h',
  sshConfig: 'none',
  strictHostKeyChecking: 'ask',
  knownHostsFiles: [],
  hashKnownHosts: false,
  identityFiles: [],
  requiredIdentityFiles: [],
  defaultIdentityFiles: [],
  identitiesOnly: false,
  certificateFiles: [],
  authMethods: [],
  jumps: [],
  batchMode: false,
  needsOpenSsh: [],
};

function unknown(): ServerQuirks {
  return {
    answers: new Set(),
    endsOver: new Set(),
    silences: 0,
    endsOverSession: false,
    toleratesSessions: false,
    lossesWithoutSession: 0,
  };
}

/** A server that answers some of two questions, and the connection that asks them. */
class Asked {
  readonly asked: string[] = [];
  mutes = 0;
  readonly probe: LivenessProbe;

  constructor(quirks: ServerQuirks, answers: readonly string[]) {
    const probes = ['request', 'channel'].map((name): Probe => {
      const send = (answered: () => void) => {
        this.asked.push(name);
        if (answers.includes(name)) answered();
        return true;
      };
      return { name, send };
    });
    const onMute = () => {
      this.mutes += 1;
    };
    this.probe = new LivenessProbe({ probes, quirks, onMute });
  }
}

test('a server that answers the first question is asked no other', (t) => {
  const { asked, probe } = new Asked(unknown(), ['request', 'channel']);
  probe.introduce();
  probe.send();
  probe.send();
  t.deepEqual(asked, ['request', 'request', 'request']);
});

test('a server that leaves the first question unanswered is asked the second, and then only that', (t) => {
  const { asked, probe } = new Asked(unknown(), ['channel']);
  probe.introduce();
  for (let round = 0; round < 3; round += 1) probe.send();
  t.deepEqual(asked, ['request', 'channel', 'channel', 'channel']);
  t.true(probe.isConclusive);
});

test('a server that says things but answers nothing is given up once and then left alone, until it answers', (t) => {
  const quirks = unknown();
  const first = new Asked(quirks, []);
  first.probe.introduce();
  first.probe.heard();
  first.probe.send();
  t.true(first.probe.isConclusive);
  first.probe.gaveUp();

  const second = new Asked(quirks, []);
  second.probe.introduce();
  t.false(second.probe.isConclusive);
  second.probe.send();
  second.probe.send();
  t.is(second.mutes, 1);

  const third = new Asked(quirks, ['request']);
  third.probe.introduce();
  t.true(third.probe.isConclusive);
  third.probe.gaveUp();
  t.true(new Asked(quirks, []).probe.isConclusive);
});

test('a server that says nothing at all is given up twice before it is left alone', (t) => {
  const quirks = unknown();
  for (const isTelling of [true, true, false]) {
    const { probe } = new Asked(quirks, []);
    probe.heard();
    probe.introduce();
    t.is(probe.isConclusive, isTelling);
    probe.gaveUp();
  }
});

test('a question over which a server ended the connection is not asked again, unless it was answered before', (t) => {
  const quirks = unknown();
  const ended = new Asked(quirks, []);
  ended.probe.introduce();
  ended.probe.ended();
  const next = new Asked(quirks, ['channel']);
  next.probe.introduce();
  t.deepEqual(next.asked, ['channel']);
  const later = new Asked(quirks, []);
  later.probe.send();
  later.probe.ended();
  t.deepEqual([...quirks.endsOver], ['request']);
});

test('a server that bears no question is left alone', (t) => {
  const quirks = unknown();
  const ended = new Asked(quirks, []);
  ended.probe.send();
  ended.probe.ended();
  const next = new Asked(quirks, []);
  next.probe.send();
  t.false(next.probe.isConclusive);
  t.deepEqual([next.asked, next.mutes], [[], 1]);
});

test('no throw-away session is started where a command has started one', async (t) => {
  let started = 0;
  const sessions = new LinkSessions(unknown(), async () => {
    started += 1;
    return true;
  });
  const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
  const ended = Promise.resolve({ code: 0 });
  const run = { host: 'me@h:22', ...streams, ended, isLost: () => false, resize: () => {}, stop: () => {} };
  const { signal } = new AbortController();
  await sessions.command(async () => new RunningCommand(run, { signal }), { signal });
  sessions.expectChannels();
  t.is(started, 0);
});

/** A command that begins and ends at once. */
function begun(): RemoteCommand {
  const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
  const run = {
    host: 'me@h:22',
    ...streams,
    ended: Promise.resolve({ code: 0 }),
    isLost: () => false,
    resize: () => {},
    stop: () => {},
  };
  return new RunningCommand(run, live);
}

const live = { signal: new AbortController().signal };

/** Asks for a command that gets no session so many times; tells how often it was asked for. */
class Asking {
  asked = 0;
  readonly #refusals: number;

  constructor(refusals: number) {
    this.#refusals = refusals;
  }

  readonly ask = async (): Promise<RemoteCommand> => {
    this.asked += 1;
    if (this.asked <= this.#refusals) throw new NoSessionError('me@h:22', 'open failed');
    return begun();
  };
}

test('a command is asked for when the throw-away session is over, and again until the server has freed that', async (t) => {
  let end = (_wasSession: boolean) => {};
  const over = new Promise<boolean>((resolve) => {
    end = resolve;
  });
  const sessions = new LinkSessions(unknown(), () => over);
  sessions.expectChannels();
  const asking = new Asking(3);
  const command = sessions.command(asking.ask, live);
  await setImmediate();
  t.is(asking.asked, 0);
  end(true);
  await command;
  t.is(asking.asked, 4);
});

test('a throw-away session that has not started yet makes way for a command, and is blamed for nothing', async (t) => {
  const quirks = unknown();
  let started = 0;
  const sessions = new LinkSessions(quirks, async (mayStart) => {
    await setImmediate();
    if (mayStart()) started += 1;
    return false;
  });
  sessions.expectChannels();
  await sessions.command(new Asking(0).ask, live);
  t.is(started, 0);
  t.false(sessions.recordEnd());
  t.false(quirks.endsOverSession);
});

test('a command gets the session that another one has just left', async (t) => {
  const sessions = new LinkSessions(unknown(), () => new Promise<boolean>(() => {}));
  await (await sessions.command(new Asking(0).ask, live)).exit;
  const asking = new Asking(3);
  await sessions.command(asking.ask, live);
  t.is(asking.asked, 4);
});

test('a server that has no sessions is asked for none again', async (t) => {
  const sessions = new LinkSessions(unknown(), async () => false);
  sessions.expectChannels();
  const asking = new Asking(1);
  await t.throwsAsync(sessions.command(asking.ask, live), { instanceOf: NoSessionError });
  t.is(asking.asked, 1);
});

test('a command that was refused in its session is not asked for again', async (t) => {
  const sessions = new LinkSessions(unknown(), async () => true);
  sessions.expectChannels();
  let asked = 0;
  const refused = execRefused('me@h:22', 'it refused the command');
  const ask = async (): Promise<RemoteCommand> => {
    asked += 1;
    throw refused;
  };
  t.is(await t.throwsAsync(sessions.command(ask, live)), refused);
  t.is(asked, 1);
});

test('what ended a connection is put down to the throw-away session only while that goes on', async (t) => {
  const quirks = unknown();
  const never = () => new Promise<boolean>(() => {});
  const sessions = new LinkSessions(quirks, never);
  t.false(sessions.recordEnd());
  sessions.expectChannels();
  t.true(sessions.recordEnd());
  t.true(quirks.endsOverSession);
});

test('a server whose connection outlived a throw-away session is never blamed for ending one over it', async (t) => {
  const quirks = { ...unknown(), toleratesSessions: true };
  const sessions = new LinkSessions(quirks, () => new Promise<boolean>(() => {}));
  sessions.expectChannels();
  t.false(sessions.recordEnd());
  t.false(quirks.endsOverSession);
});

test('connections that are lost without any session, one after the other, take the blame off sessions', (t) => {
  const quirks = unknown();
  quirks.endsOverSession = true;
  for (const blamed of [true, true, false]) {
    const sessions = new LinkSessions(quirks, async () => t.fail());
    sessions.expectChannels();
    sessions.recordEnd();
    t.is(quirks.endsOverSession, blamed);
  }
});

test('what is known of a server is known by the way that leads to it', (t) => {
  const quirks = quirksOf(destination);
  t.is(quirksOf({ ...destination }), quirks);
  t.not(quirksOf({ ...destination, jumps: [{ ...destination, host: 'hop' }] }), quirks);
  t.not(quirksOf({ ...destination, port: 2222 }), quirks);
});
