/**
 * Puts a directory into the file system that the fleet shares, and reads it back file by file. Files are cut into blocks by
 * their content: what is there already is not sent again.
 *
 *     node file-system.js root@web1 ./config /config
 */
import { SshWorld } from 'hawser';

const [ssh = 'root@web1', local = './config', target = '/config', seed = 'unix:///run/hawser/etcd.sock'] =
  process.argv.slice(2);

await using world = await SshWorld.open({ ssh, seeds: [seed] });

// A file system is named by its URI, and made at the first write.
const fs = world.fs('etcdfs:///fs/shared');

const { files, uploadedBlocks } = await fs.copyIn(local, target);
console.log(`${files} files, ${uploadedBlocks} blocks sent`);

// The methods are those of node:fs/promises.
for (const name of await fs.readdir(target)) {
  const path = `${target}/${name}`;
  if ((await fs.stat(path)).isFile()) console.log(`${path}: ${(await fs.readFile(path)).length} bytes`);
}
