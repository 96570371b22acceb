import test from 'ava';
import { mergeByTime } from '../../../cli/logs/merge-by-time.js';
import { parseLook } from '../../../cli/logs/parse-found-logs.js';
import { fileLineReader, journalLineReader, timeOf } from '../../../cli/logs/parse-log-line.js';
import { readLines } from '../../../cli/logs/read-lines.js';

test('a line says when it was written only with a zone', (t) => {
  const expected = Date.parse('2026-01-02T03:04:05.120Z');
  t.is(timeOf('2026-01-02T03:04:05.12Z hello'), expected);
  t.is(timeOf('[2026-01-02 05:04:05,120456 +0200] hello'), expected);
  for (const line of ['2026-01-02T03:04:05 hello', 'hello', '2026-99-99T03:04:05Z', ' 2026-01-02T03:04:05Z'])
    t.is(timeOf(line), undefined, line);
});

test('a line without a time is as old as the one before it', (t) => {
  const read = fileLineReader(Date.parse('2026-01-02T00:00:00Z'));
  t.like(read('before any'), { atMs: undefined, isTimed: false });
  t.is(read('2026-01-01T00:00:00Z old'), undefined);
  t.is(read('its second line'), undefined);
  t.like(read('2026-01-03T00:00:00Z new'), { isTimed: true });
  t.like(read('its second line'), { atMs: Date.parse('2026-01-03T00:00:00Z'), isTimed: false });
});

test('of the journal only what units of the process wrote counts, whatever others claim', (t) => {
  const read = journalLineReader('web', 'main');
  const unit = 'hawser-app-web.main.12.service';
  const entry = { MESSAGE: 'hi', _SYSTEMD_UNIT: unit, _PID: '99', __REALTIME_TIMESTAMP: '1700000000123456' };
  const line = { atMs: 1_700_000_000_123, isTimed: true, text: 'hi' };
  t.deepEqual(read(JSON.stringify(entry)), line);
  t.deepEqual(read(JSON.stringify({ ...entry, MESSAGE: [104, 105] })), line);
  t.deepEqual(read(JSON.stringify({ ...entry, _SYSTEMD_UNIT: 'init.scope', UNIT: unit, _PID: '1' })), line);
  for (const other of [
    { _SYSTEMD_UNIT: 'user@1000.service', UNIT: unit },
    { _SYSTEMD_UNIT: 'hawser-app-web.worker.12.service' },
    { _SYSTEMD_UNIT: 'hawser-app-web-main.main.12.service' },
    { _SYSTEMD_UNIT: undefined },
  ])
    t.is(read(JSON.stringify({ ...entry, ...other })), undefined);
  for (const nonsense of ['', '-- No entries --', '[]', 'null', '{']) t.is(read(nonsense), undefined);
});

test('of what a host says that it has, only names count', (t) => {
  const said = 'now 1700000000\napp web\napp ../x\napp \x1b[2J\nfile main.log\nfile .log\nfile A b.log\n';
  t.deepEqual(parseLook(said, 'web'), {
    nowMs: 1_700_000_000_000,
    apps: ['web'],
    processes: [{ name: 'main', kept: 'files' }],
  });
  const units =
    'unit hawser-app-web.job.3.service\nunit hawser-app-web.job.4.service\nunit hawser-app-web.x.service\n';
  t.deepEqual(parseLook(said + units, 'web')?.processes, [{ name: 'job', kept: 'journal' }]);
  t.is(parseLook('denied\n', 'web'), undefined);
});

test('of a long line the beginning is kept, however it comes', async (t) => {
  async function* chunks(): AsyncGenerator<Buffer> {
    for (const byte of `${'x'.repeat(300)}\nsh`) yield Buffer.from(byte);
    yield Buffer.from('ort\r\n\nend');
  }
  const all: string[] = [];
  for await (const line of readLines(chunks(), 100)) all.push(line);
  t.deepEqual(all, [`${'x'.repeat(100)}… (200 more bytes)`, 'short', '', 'end']);
});

async function* items(...times: (number | undefined)[]): AsyncGenerator<{ atMs: number | undefined }> {
  for (const atMs of times) yield { atMs };
}

async function merged(...args: Parameters<typeof mergeByTime<{ atMs: number | undefined }>>) {
  const all: (number | undefined)[] = [];
  for await (const { atMs } of mergeByTime(...args)) all.push(atMs);
  return all;
}

test('sources are merged by time, and one without times comes first', async (t) => {
  t.deepEqual(await merged([items(1, 4, 5), items(2, 3, 9), items()]), [1, 2, 3, 4, 5, 9]);
  t.deepEqual(await merged([items(1, 2), items(undefined, undefined)]), [undefined, undefined, 1, 2]);
});

test('a silent source holds the others back for a while only, and a failing one fails them', async (t) => {
  let end = (): void => undefined;
  async function* silent(): AsyncGenerator<{ atMs: number }> {
    await new Promise<void>((resolve) => {
      end = resolve;
    });
    yield { atMs: 0 };
  }
  const all: (number | undefined)[] = [];
  for await (const { atMs } of mergeByTime([items(1, 2), silent()], 10)) {
    all.push(atMs);
    if (atMs === 2) end();
  }
  t.deepEqual(all, [1, 2, 0]);
  async function* failing(): AsyncGenerator<{ atMs: number }> {
    yield { atMs: 0 };
    throw new Error('broken');
  }
  await t.throwsAsync(merged([items(1), failing()]), { message: 'broken' });
});
