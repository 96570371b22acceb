import test from 'ava';
import { cgroupFolders } from '../../../agent/processes/cgroup.js';
import { processTreeOf } from '../../../agent/processes/find-process-tree.js';
import { arrivesAt, listenersAt, parseListeners } from '../../../agent/processes/listening-sockets.js';
import { type ProcessEntry, parseStat } from '../../../agent/processes/process-table.js';

/** [pid, parent, group, session]; all started at the tick of their pid. */
function processes(...all: readonly (readonly [number, number, number, number])[]): ProcessEntry[] {
  return all.map(([pid, parent, group, session]) => ({
    pid,
    parent,
    group,
    session,
    startTime: String(pid),
  }));
}

const nobody = { isMarked: () => false, inCgroup: new Set<number>() };
const roots = [{ pid: 100, startTime: '100' }];
const pidsOf = (found: readonly ProcessEntry[]) => found.map(({ pid }) => pid);

test.serial('kin are the session, the group and all descendants of what was started', (t) => {
  const all = processes(
    [1, 0, 1, 1],
    [50, 1, 50, 50],
    [100, 50, 100, 100],
    [101, 100, 101, 100],
    [102, 1, 100, 7],
    [103, 101, 103, 103],
    [104, 103, 103, 103],
    [200, 1, 200, 200],
  );
  t.deepEqual(pidsOf(processTreeOf(all, { ...nobody, roots }, 50)), [100, 101, 102, 103, 104]);
});

test.serial('what left its session and its parent is known by its mark or its control group', (t) => {
  const all = processes(
    [1, 0, 1, 1],
    [50, 1, 50, 50],
    [300, 1, 300, 300],
    [301, 300, 301, 301],
    [400, 1, 400, 400],
  );
  const criteria = { roots, isMarked: (pid: number) => pid === 300, inCgroup: new Set([400]) };
  t.deepEqual(pidsOf(processTreeOf(all, criteria, 50)), [300, 301, 400]);
});

test.serial('a session whose number was given to another leader is not the one that was', (t) => {
  const all = processes([1, 0, 1, 1], [50, 1, 50, 50], [100, 1, 100, 100], [101, 100, 101, 100]);
  t.deepEqual(processTreeOf(all, { ...nobody, roots: [{ pid: 100, startTime: '7' }] }, 50), []);
});

test.serial('a session without its leader counts only where something else speaks for it', (t) => {
  const all = processes([1, 0, 1, 1], [50, 1, 50, 50], [101, 1, 101, 100], [102, 1, 102, 100]);
  const criteria = { ...nobody, roots, isTrusted: (pid: number) => pid === 102 };
  t.deepEqual(pidsOf(processTreeOf(all, criteria, 50)), [102]);
});

test.serial('we and those that started us are never kin, whatever we inherited from an app', (t) => {
  const all = processes(
    [1, 0, 1, 1],
    [100, 1, 100, 100],
    [150, 100, 100, 100],
    [151, 150, 151, 151],
    [152, 100, 100, 100],
  );
  t.deepEqual(
    pidsOf(processTreeOf(all, { ...nobody, roots, isMarked: (pid) => pid !== 1 && pid !== 151 }, 150)),
    [152],
  );
});

test.serial("a program's name may hold anything, also what looks like the rest of the line", (t) => {
  const stat = '7 (a) S 9 (b) 1) S 1 7 7 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 1 0 4242 0 0';
  t.deepEqual(parseStat(7, stat), { pid: 7, parent: 1, group: 7, session: 7, startTime: '4242' });
  t.is(parseStat(7, stat.replace(') S 1 7', ') Z 1 7')), undefined);
  t.is(parseStat(7, ''), undefined);
});

test.serial('control groups are found in the unified hierarchy first, where it is mounted', (t) => {
  const cgroup = '9:name=systemd:/system.slice/a.service\n8:pids:/x\n0::/system.slice/a.service\n';
  const unified = '30 25 0:26 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n';
  const named = '31 25 0:27 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n';
  t.deepEqual(cgroupFolders(cgroup, named + unified), [
    '/sys/fs/cgroup/unified/system.slice/a.service',
    '/sys/fs/cgroup/systemd/system.slice/a.service',
  ]);
  t.deepEqual(cgroupFolders(cgroup, named), ['/sys/fs/cgroup/systemd/system.slice/a.service']);
  t.deepEqual(cgroupFolders(cgroup, unified.replace(' / ', ' /elsewhere ')), []);
  t.deepEqual(cgroupFolders('', ''), []);
});

const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 11 1 0 100 0 0 10 0
   1: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12 1 0 100 0 0 10 0
   2: 0100007F:1F90 0100007F:8A2C 01 00000000:00000000 00:00000000 00000000     0        0 13 1 0 100 0 0 10 0
   0: 00000000000000000000000001000000:1F91 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 14 1
   1: 00000000000000000000000000000000:1F92 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 15 1
`;

test.serial('who listens at exactly an address gets what is sent there, before who listens at all', (t) => {
  const all = parseListeners(table);
  const at = (address: string, port: number) => listenersAt(all, address, port).map(({ inode }) => inode);
  t.deepEqual(at('127.0.0.1', 8080), ['11']);
  t.deepEqual(at('127.0.0.2', 8080), ['12']);
  t.deepEqual(at('::1', 8081), ['14']);
  t.deepEqual(at('::1', 8080), []);
  t.deepEqual(at('127.0.0.1', 8082), ['15']);
  t.deepEqual(at('fe80::1%eth0', 8082), ['15']);
  t.deepEqual(at('127.0.0.1', 8083), []);
});

test.serial('the port of an app is looked at however the address of this machine is written', (t) => {
  for (const address of ['127.0.0.1', '0.0.0.0', '::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:0.0.0.0'])
    t.is(arrivesAt(address), '127.0.0.1', address);
  for (const address of ['::', '0:0:0:0:0:0:0:0']) t.is(arrivesAt(address), '::1', address);
  t.is(arrivesAt('fe80::1%eth0'), 'fe80::1');
  t.is(arrivesAt('::ffff:10.0.0.1'), '10.0.0.1');
  t.is(arrivesAt('2001:db8::1'), '2001:db8::1');
});
