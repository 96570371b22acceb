import { DEFAULT_PREFIX } from '../../../agent/constants.js';
import { diskTrouble } from '../../../world/agents/host-health.js';
import { formatBytes } from '../../output/format-quantities.js';
import type { Check } from '../check.js';
import type { HostFact } from '../facts/host-fact.js';
import { ok, skipped, wrong } from '../finding.js';
import { onHost } from '../subject.js';

/** The part of all inodes that has to be free. */
const LEAST_INODES = 0.01;

/** Whether there is room for etcd's data, and for logs. */
export const disk: Check<HostFact> = {
  name: 'disk',
  title: 'disk',
  look: (patient) => patient.host(),
  judge({ facts, look, rootError }, subject) {
    const { disk: found, inodes, mount = '/' } = look ?? {};
    const { name } = subject;
    if (found === undefined) return skipped('the host does not say how full it is');
    const { totalBytes, freeBytes } = found;
    const trouble = diskTrouble(found);
    if (trouble !== undefined) {
      const is = trouble === 'full' ? 'is full' : 'is nearly full';
      return wrong(
        trouble === 'full' ? 'disk-full' : 'disk-low',
        `The disk of ${name} ${is}: ${formatBytes(freeBytes)} of ${formatBytes(totalBytes)} are free below ${mount}, where ${DEFAULT_PREFIX} is. etcd stops when it cannot write.`,
        `Make room there; this shows what is large: ${onHost(subject, `'du -xah ${mount} | sort -h | tail -n 20'`)}`,
      );
    }
    if (inodes !== undefined && inodes.free < inodes.total * LEAST_INODES) {
      return wrong(
        'no-inodes',
        `The file system of ${name} at ${mount} has room, but only ${inodes.free} of ${inodes.total} inodes: no more files can be made.`,
        `Remove files there; this shows where there are many: ${onHost(subject, `'du --inodes -x ${mount} | sort -n | tail -n 20'`)}`,
      );
    }
    const readOnly = rootError === undefined ? (facts?.readOnly ?? []) : [];
    if (readOnly.length > 0) {
      return wrong(
        'read-only',
        `root cannot write to ${readOnly.join(', ')} on ${name}: the file system is read-only, perhaps after an error of the disk.`,
        `See why in ${onHost(subject, "'dmesg | tail -n 30'")}, then mount it read-write.`,
      );
    }
    return ok(`${formatBytes(freeBytes)} of ${formatBytes(totalBytes)} free`);
  },
};
