import type { Client } from '../../../world/index.js';

/** Comes behind each character that could move it somewhere else. */
const mark = 'EVIL';

const acting = [
  ...[
    '\x1b[31m',
    '\x1b]0;',
    '\x07',
    '\x1b[2J',
    '\x1bc',
    '\r',
    '\n',
    '\r\n',
    '\t',
    '\b',
    '\x7f',
    '\x9b1A',
    '\x85',
    '\x0e',
  ],
  ...['\u202e', '\u2066', '\u200f', '\u061c', '\u200b', '\ufeff', '\u2028', '\u2029', '\u{e0041}'],
];

/** Text that tries everything; good for a hostname, a key and a name of a file. */
export function hostile(name: string): string {
  return `${name}${acting.map((text) => `${text}${mark}`).join('')}${'\u0301'.repeat(20)}`;
}

const ESC = '\x1b';
const moved = new RegExp(`\\p{Cc}${mark}|${ESC}[^\n]{0,4}${mark}`, 'u');
const movedInValue = new RegExp(`[^\\P{Cc}\n\t]${mark}|${ESC}[^\n]{0,4}${mark}`, 'u');
const shapeless = /[\p{Cf}\p{Cs}\p{Zl}\p{Zp}]|\p{M}{5}/u;
const besidesText = /[^\P{Cc}\n]/u;

/** What questions and live views are drawn with; the colours are those that they use. */
export const drawn = new RegExp(
  `${ESC}\\[(?:\\d{0,3}[ABCDGHJK]|\\?(?:25|1049)[hl]|(?:0|1|2|22|3\\d|39|9\\d)m)|\r(?!${mark})`,
  'g',
);

/** The first place where a terminal does what somebody else wrote; undefined when there is none. */
export function actedOn(
  written: string,
  { isValue = false }: { readonly isValue?: boolean } = {},
): string | undefined {
  return around((isValue ? movedInValue : moved).exec(written) ?? shapeless.exec(written));
}

/** What a command sends to a terminal besides text and the ends of its lines; undefined when that is nothing. */
export function sentBesidesText(written: string): string | undefined {
  return around(besidesText.exec(written));
}

function around(found: RegExpExecArray | null): string | undefined {
  return found === null
    ? undefined
    : JSON.stringify(found.input.slice(Math.max(0, found.index - 60), found.index + 40));
}

/** Writes a fleet whose every string is hostile, as a program would that knows where everything is kept. */
export async function writeHostileFleet(client: Client, h: typeof hostile): Promise<void> {
  const host = h('host');
  const deployment = {
    hawser: 1,
    name: h('app'),
    message: `${h('message')}\ud800`,
    author: h('author'),
    createdAt: h('2026-01-01T00:00:00Z'),
    tree: 'a'.repeat(64),
    noop: false,
    hosts: [host],
    manifest: {
      name: h('app'),
      processes: { main: { run: [h('program')] } },
      env: { [h('NAME')]: h('value') },
    },
  };
  const agent = {
    hostname: host,
    instance: h('instance'),
    version: h('1'),
    startedAt: h('today'),
    pid: 1,
    labels: { [h('zone')]: h('north') },
    address: h('address'),
  };
  const report = {
    hostname: host,
    state: 'failed',
    message: `${h('said')}\udc00`,
    at: h('now'),
    logTail: `${h('tail')}\n${h('of the log')}`,
    current: 1,
  };
  const json = (value: unknown) => JSON.stringify(value);
  const entries: Record<string, string | Buffer> = {
    [`/strings/${h('key')}`]: h('value'),
    '/strings/bytes': Buffer.from([0x9b, 0x33, 0x31, 0x6d, 0xff]),
    [`/strings/${h('map')}/${host}`]: h('value'),
    [`/strings/${h('map')}/a`]: h('value'),
    [`/exported/*/${host}/${h('kind')}/${h('name')}`]: h('data'),
    [`/exported/${h('to')}/${host}/${h('kind')}`]: h('data'),
    '/deploy/1/payload': json(deployment),
    '/deploy/1/hash': h('hash'),
    '/deploy/2/payload': h('payload'),
    [`/deploy/${h('id')}/payload`]: h('payload'),
    '/deploy/999999999999999/payload': h('payload'),
    [`/reports/1/${host}`]: json(report),
    [`/reports/2/${host}`]: json(report),
    [`/reports/3/${host}`]: json(report),
    [`/reports/3/${h('a/b')}`]: h('report'),
    [`/agents/${host}`]: json(agent),
    [`/agents/${h('a,b')}`]: h('agent'),
    [`/agents/bad`]: h('agent'),
    [`/scheduler/schedule/${h('backup')}`]: `${host},${h('other')}`,
    [`/scheduler/hostname/${host}/${h('backup')}`]: `${h('option')}=${h('value')}`,
    [`/scheduler/hostname/${h('a/b')}/${h('backup')}/x`]: h('options'),
    [`/hawser/deploy-locks/${h('app')}`]: json({
      ...{ id: h('id'), by: h('by'), reason: h('reason'), since: h('since'), until: h('until') },
    }),
    [`/volunteer/${host}`]: h('url'),
    [`/nominated/${host}`]: h('url'),
    [`/endpoints/${host}`]: `http://${h('address')}:2379`,
    [`/endpoints/a`]: h('url'),
    [`/endpoints/b`]: 'http://127.0.0.1:1',
    [`/converged/${host}`]: h('true'),
    [`/fs/${h('broken')}`]: h('superblock'),
    '/fs/broken': h('superblock'),
    [`/hawser/recipients/${host}`]: json({ recipient: `age1${'q'.repeat(58)}` }),
    [`/hawser/recipients/a`]: json({ recipient: h('age1') }),
    '/hawser/secrets/app/TOKEN': json({
      ...{ at: h('now'), by: h('author'), isText: true, ciphertext: 'aGk=' },
      hosts: { [host]: `age1${'q'.repeat(58)}` },
    }),
    [`/hawser/secrets/app/${h('NAME')}`]: h('secret'),
    '/chooser/dynamicsize/idealclustersize': h('7'),
  };
  for (const [key, value] of Object.entries(entries)) await client.set(key, value);
}
