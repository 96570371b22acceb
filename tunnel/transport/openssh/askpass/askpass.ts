import { once } from 'node:events';
import { chmod, writeFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Log } from '../../../../base/log.js';
import { formatDestination } from '../../../destination.js';
import { shellWord } from '../../../exec/shell-words.js';
import type { Asker, Put, Question, Questions } from '../../../questions.js';
import type { ResolvedDestination } from '../../../ssh-config/resolved-destination.js';
import { noAnswer } from '../../link-errors.js';

const PROGRAM = fileURLToPath(new URL('./program.js', import.meta.url));

export interface AskpassSetup extends Asker {
  /** A private one, for the socket and the programs. */
  readonly folder: string;
  readonly questions: Questions;
  /** Told what ends the attempt: a TunnelError `auth-failed` for want of an answer, or what a question rejected with. */
  readonly onFailed: (reason: unknown) => void;
  readonly log?: Log | undefined;
}

interface Asked {
  readonly index: number;
  readonly text: string;
  /** Something to do, not to answer, such as touching a token; it is over when `ssh` says so. */
  readonly isNotice: boolean;
}

/** Puts the questions of an `ssh`, and of those it goes through, to a person. */
export class Askpass implements AsyncDisposable {
  /** One for each host, the outermost first, to be its SSH_ASKPASS; undefined for one that is not to ask. */
  readonly programs: readonly (string | undefined)[];
  readonly #hosts: readonly ResolvedDestination[];
  readonly #setup: AskpassSetup;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Answers that were recalled or typed, by topic; each is recalled once. */
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

  /** We are logged in: passwords that were right need not be typed again when the connection is made anew. */
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
    // An `ssh` that was ended takes its program with it.
    socket.on('error', () => {});
    try {
      const asked: Asked = JSON.parse(await readRequest(socket));
      if (asked.isNotice) this.#setup.log?.('warn', asked.text.trim());
      else {
        const answer = await this.#ask(asked);
        // No answer is an answer to a question of yes or no.
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

/** Goes on asking until the answer is one that `ssh` takes. */
async function decide(put: Put, question: Parameters<Put>[0]): Promise<string> {
  let { text } = question;
  for (;;) {
    const decision = decisionOf(await put({ ...question, text }));
    if (decision !== undefined) return decision;
    text = "Please type 'yes', 'no' or the fingerprint: ";
  }
}

/** All that comes until the program stops sending. (Iterating over a socket would destroy it after that.) */
async function readRequest(socket: Socket): Promise<string> {
  let request = '';
  socket.setEncoding('utf8').on('data', (part: string) => {
    request += part;
  });
  await once(socket, 'end');
  return request;
}

/** What `ssh` asks for, told by its words: it says nothing else of a question. */
export function kindOf(text: string): Pick<Question, 'kind' | 'echo'> {
  if (/\(yes\/no(\/\[fingerprint\])?\)\?\s*$|^Please type 'yes'/.test(text))
    return { kind: 'host-key', echo: true };
  if (/^Enter (passphrase|PIN) for /.test(text)) return { kind: 'passphrase', echo: false };
  if (/^Add key .* to agent\? ?$/s.test(text)) return { kind: 'confirmation', echo: true };
  // Prompts of the host itself have "(user@host) " before them.
  if (/^(?!\().*'s password: $/s.test(text)) return { kind: 'password', echo: false };
  return { kind: 'keyboard-interactive', echo: false };
}

/** What `ssh` takes for an answer to its question about a host key; undefined for what it would ask again about. */
export function decisionOf(answer: string | undefined): string | undefined {
  const given = answer?.trim();
  if (given === undefined || /^(no)?$/i.test(given)) return 'no';
  if (/^yes$/i.test(given)) return 'yes';
  return given.startsWith('SHA256:') ? given : undefined;
}
