import test from 'ava';
import { formatTimeLeft, TransferProgress } from '../../../cli/output/transfer-progress.js';

const MB = 1_000_000;

test('a line says how much, how fast, and how long it will take', (t) => {
  const progress = new TransferProgress('Uploading');
  t.is(progress.line(0), undefined);
  progress.note({ bytes: 0, of: 50 * MB }, 0);
  t.is(progress.line(0), 'Uploading [--------------------]  0 %  0 B of 50.0 MB');
  progress.note({ bytes: 10 * MB, of: 50 * MB }, 2_000);
  t.is(progress.line(2_000), 'Uploading [####----------------] 20 %  10.0 MB of 50.0 MB, 5.0 MB/s, 8 s left');
  progress.note({ bytes: 50 * MB, of: 50 * MB }, 10_000);
  t.is(progress.line(10_000), 'Uploading [####################]100 %  50.0 MB of 50.0 MB');
});

test('what the fleet has already is done, and does not count for the rate', (t) => {
  const progress = new TransferProgress('Uploading');
  progress.note({ bytes: 40 * MB, of: 50 * MB }, 1_000);
  progress.note({ bytes: 42 * MB, of: 50 * MB }, 3_000);
  t.regex(progress.line(3_000) ?? '', / 84 % {2}42\.0 MB of 50\.0 MB, 1\.0 MB\/s, 8 s left$/);
});

test('the rate is that of the last seconds, and a stall is said', (t) => {
  const progress = new TransferProgress('Uploading');
  for (let second = 0; second <= 10; second += 1)
    progress.note({ bytes: (second + Math.max(0, second - 4)) * MB, of: 1_000 * MB }, second * 1_000);
  t.regex(progress.line(10_000) ?? '', /, 2\.0 MB\/s, 8 min 12 s left$/);
  t.regex(progress.line(12_000) ?? '', /, 1\.\d MB\/s, /);
  t.regex(progress.line(60_000) ?? '', /16\.0 MB of 1\.0 GB, stalled$/);
});

test('nothing is said of the rate before it is known, nor of an empty transfer', (t) => {
  const progress = new TransferProgress('Fetching');
  progress.note({ bytes: 0, of: 9 }, 0);
  progress.note({ bytes: 1, of: 9 }, 100);
  t.notRegex(progress.line(100) ?? '', /left|\/s|stalled/);
  progress.note({ bytes: 0, of: 0 }, 200);
  t.is(progress.line(200), 'Fetching [####################]100 %  0 B of 0 B');
});

test('a time that is left is said as a person would', (t) => {
  t.deepEqual([0.2, 59, 60, 125, 3_600, 4_900].map(formatTimeLeft), [
    ...['1 s', '59 s', '1 min', '2 min 5 s', '1 h', '1 h 21 min'],
  ]);
});
