import { once } from 'node:events';
import { chmod, writeFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Log } from '../../../../base/log.js';
import { shellWord } from '../../../exec/shell-command.js';
import { formatDestination } from '../../../parse-destination.js';
import type { Asker, Put, Question, Questions } from '../../../question-queue.js';
import type { ResolvedDestination } from '../../../ssh-config/resolved-destination.js';
import { noAnswer } from '../../link-errors.js';

const PROGRAM = fileURLToPath(new URL('./program.js', import.meta.url));

export interface AskpassSetup extends Asker {
  /** A private directory, for the socket and the programs. */
  readonly folder: string;
  readonly questions: Questions;
  /** Told what ends the attempt: a TunnelError `auth-failed` for a missing answer, or what a question rejected with. */
  readonly onFailed: (reason: unknown) => void;
  readonly log?: Log | undefined;
}

interface Asked {
  readonly index: number;
  readonly text: string;
  /** It asks for an action, such as touching a token, and needs no answer. */
  readonly isNotice: boolean;
}

/** Puts the questions of an `ssh`, and of those of its jump hosts, to a person. */
export class Askpass implements AsyncDisposable {
  /** The SSH_ASKPASS of each host, the outermost first; undefined for a host that must not ask. */
  readonly programs: readonly (string | undefined)[];
  readonly #hosts: readonly ResolvedDestination[];
  readonly #setup: AskpassSetup;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Answers given so far, by topic; a remembered one is tried once. */
  readonly #given = new Map<string, string>();

  private constructor(
    hosts: readonly ResolvedDestination[],
    server: Server,
    { programs, ...setup }: AskpassSetup & Pick<Askpass, 'programs'>,
  ) {
    this.#hosts = hosts;
    this.#server = server;
    this.#setup = setup;
    this.programs = programs;
    server.on('connection', (socket) => void this.#answer(socket));
  }

  static async open(hosts: readonly ResolvedDestination[], setup: AskpassSetup): Promise<Askpass> {
    const path = join(setup.folder, 'q');
    const server = createServer({ allowHalfOpen: true }).listen(path);
    await once(server, 'listening');
    await chmod(path, 0o600);
    const programs = await Promise.all(
      hosts.map(async ({ batchMode }, index) => {
        if (batchMode) return undefined;
        const program = join(setup.folder, `ask${index}`);
        const words = [process.execPath, PROGRAM, path, String(index)].map(shellWord);
        await writeFile(program, `#!/bin/sh\nexec ${words.join(' ')} "$1"\n`, { mode: 0o700 });
        return program;
      }),
    );
    return new Askpass(hosts, server, { ...setup, programs });
  }

  /** Login succeeded: remembers the passwords for reconnecting. */
  succeeded(): void {
    for (const [topic, answer] of this.#given) this.#setup.questions.remember(topic, answer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Never rejects. */
  async #answer(socket: Socket): Promise<void> {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    // The program ends with its `ssh`.
    socket.on('error', () => {});
    try {
      const asked: Asked = JSON.parse(await readRequest(socket));
      if (asked.isNotice) this.#setup.log?.('warn', asked.text.trim());
      else {
        const answer = await this.#ask(asked);
        // For a yes-or-no question, no answer is an answer.
        socket.end(answer === undefined ? '' : `+${answer}`);
      }
    } catch (error) {
      socket.destroy();
      if (!this.#setup.signal.aborted) this.#setup.onFailed(error);
    }
  }

  async #ask({ index, text }: Asked): Promise<string | undefined> {
    const destination = this.#hosts[index];
    if (destination === undefined) throw new RangeError(`ssh has no host ${index}`);
    const host = formatDestination(destination);
    const { kind, echo } = kindOf(text);
    const topic = { password: `password ${host}`, passphrase: `ssh asks: ${text}` }[String(kind)];
    const isAgain = topic !== undefined && this.#given.delete(topic);
    const kept = topic === undefined || isAgain ? undefined : this.#setup.questions.recall(topic);
    const answer =
      kept ??
      (await this.#setup.questions.converse(this.#setup, async (put) => {
        const question = { kind, host, echo, text: isAgain ? `Wrong answer. ${text}` : text };
        return kind === 'host-key' ? decide(put, question) : put(question);
      }));
    if (kind === 'confirmation') return answer;
    if (answer === undefined && kind !== 'passphrase') throw noAnswer(host, kind);
    if (topic !== undefined && answer) this.#given.set(topic, answer);
    return answer ?? '';
  }
}

/** Asks until the answer is one that `ssh` accepts. */
async function decide(put: Put, question: Parameters<Put>[0]): Promise<string> {
  let { text } = question;
  for (;;) {
    const decision = decisionOf(await put({ ...question, text }));
    if (decision !== undefined) return decision;
    text = "Please type 'yes', 'no' or the fingerprint: ";
  }
}

/** Everything up to the end of the request. (Iterating over the socket would destroy it.) */
async function readRequest(socket: Socket): Promise<string> {
  let request = '';
  socket.setEncoding('utf8').on('data', (part: string) => {
    request += part;
  });
  await once(socket, 'end');
  return request;
}

/** What `ssh` asks for, recognised by its wording: nothing else tells. */
export function kindOf(text: string): Pick<Question, 'kind' | 'echo'> {
  if (/\(yes\/no(\/\[fingerprint\])?\)\?\s*$|^Please type 'yes'/.test(text))
    return { kind: 'host-key', echo: true };
  if (/^Enter (passphrase|PIN) for /.test(text)) return { kind: 'passphrase', echo: false };
  if (/^Add key .* to agent\? ?$/s.test(text)) return { kind: 'confirmation', echo: true };
  // Prompts of the host itself have "(user@host) " before them.
  if (/^(?!\().*'s password: $/s.test(text)) return { kind: 'password', echo: false };
  return { kind: 'keyboard-interactive', echo: false };
}

/** A valid answer to the question of `ssh` about a host key; undefined if it would ask again. */
export function decisionOf(answer: string | undefined): string | undefined {
  const given = answer?.trim();
  if (given === undefined || /^(no)?$/i.test(given)) return 'no';
  if (/^yes$/i.test(given)) return 'yes';
  return given.startsWith('SHA256:') ? given : undefined;
}
