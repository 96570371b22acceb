import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { EtcdWorld, SshWorld } from '../../../world/index.js';
import { waitUntil } from '../../fixtures/helpers/wait-until.js';
import { Sshd } from '../../tunnel/helpers/sshd.js';
import { Etcd } from '../helpers/etcd.js';
import { Link } from '../helpers/link.js';

/** Two to connect, one to know the fleet; then what depends on each other: leases and what is missing, the blocks, the tree. */
const FEW = 8;

let etcd: Etcd;
let folder: string;

test.before(async () => {
  etcd = await Etcd.start();
  folder = await mkdtemp(path.join(tmpdir(), 'hawser-upload-'));
});

test.after.always(async () => {
  await etcd[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

test.serial('a small upload takes a few round trips, however many files there are', async (t) => {
  const from = path.join(folder, 'small');
  await mkdir(from);
  for (let index = 0; index < 300; index += 1) await writeFile(path.join(from, `${index}`), `file ${index}`);
  await using link = await Link.to(etcd.port, { delayMs: 5 });
  await using near = EtcdWorld.create({ seeds: [etcd.url], hostname: 'h1', namespace: '/few' });
  // The first upload of a fleet makes keys that are there from then on.
  await writeFile(path.join(folder, 'first'), 'first');
  await mkdir(path.join(folder, 'other'));
  await near.putTree(path.join(folder, 'other'));
  await using world = EtcdWorld.create({ seeds: [link.url], hostname: 'h1', namespace: '/few' });
  const { uploadedBlocks } = await world.putTree(from);
  t.true(uploadedBlocks >= 300);
  t.true(link.roundTrips <= FEW, `${link.roundTrips} round trips`);
});

test.serial(
  'a large upload over a long link goes over several SSH connections, and on without them',
  async (t) => {
    await using sshd = await Sshd.start();
    await using link = await Link.to(sshd.port, { delayMs: 15 });
    const port = Number(new URL(link.url).port);
    await using world = await SshWorld.open({
      hostname: 'laptop',
      namespace: '/wide',
      seeds: [etcd.url],
      ssh: {
        ...sshd.options,
        destinations: [{ ...sshd.destination, port }],
        knownHostsFiles: [sshd.anyPortKnownHostsFile],
      },
    });
    const logins = () => sshd.log.filter((line) => line.includes('Accepted publickey')).length;
    world.client.expectBulk(1_000_000);
    await world.getAgents();
    t.is(logins(), 1);
    world.client.expectBulk(100_000_000);
    await waitUntil('there are three more', () => Promise.resolve(logins() === 4));
    const from = path.join(folder, 'large');
    await mkdir(from);
    await writeFile(path.join(from, 'file'), randomBytes(3_000_000));
    let cuts = 0;
    const onProgress = ({ bytes, of }: { readonly bytes: number; readonly of: number }) => {
      if (bytes === 0 || bytes >= of || cuts > 0) return;
      cuts += 1;
      link.cut();
    };
    await world.putTree(from, { onProgress });
    t.is(cuts, 1);
    t.is((await world.putTree(from)).uploadedBlocks, 0);
  },
);
