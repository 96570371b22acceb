import type { Topic } from '../report.js';
import { LoopbackHosts } from '../tunnel/loopback-hosts.js';
import { timedHawser } from './timed-program.js';

const HOSTS = 4;
const MUCH_BYTES = 100_000_000;
const SOME_BYTES = 25_000_000;

/** How much memory `hawser exec` holds for much output, beside what it holds for a quarter of that. */
export async function* measureExecMemory(): AsyncGenerator<Topic> {
  await using hosts = await LoopbackHosts.start(HOSTS);
  const fleet = await hosts.fleetFile('bench');
  const flags = ['--fleet', fleet, '--ssh-id', hosts.identityFile];
  const peakOf = async (bytes: number, ...how: readonly string[]) => {
    const line = `yes some output of a host | head -c ${bytes}`;
    return (await timedHawser(['exec', ...flags, ...how, 'all', '-c', line])).peakMb;
  };
  const ways = [
    { name: 'as it comes', flags: [] },
    { name: '--json', flags: ['--json'] },
    { name: '--group', flags: ['--group'] },
  ];
  const rows = [];
  for (const { name, flags } of ways)
    rows.push({
      name,
      values: [await peakOf(SOME_BYTES, ...flags), await peakOf(MUCH_BYTES, ...flags)] as const,
    });
  yield {
    title: `exec: output of ${HOSTS} hosts, the most memory held in MB`,
    columns: [SOME_BYTES, MUCH_BYTES].map((bytes) => `${bytes / 1e6} MB each`),
    rows,
    checks: rows.map(({ name, values: [some, much] }) => ({
      what: `${name}, 4 times as much output`,
      got: much / some,
      sense: 'at most' as const,
      wanted: 1.25,
    })),
  };
}
