import type { EtcdUser } from '../../../world/index.js';
import type { Etcd } from './etcd.js';
import { etcdctl } from './etcdctl.js';

/** May do everything. */
export const root: EtcdUser = { name: 'root', password: 'root secret' };
/** May do everything under /mine/, and nothing else. */
export const ann: EtcdUser = { name: 'ann', password: 'ann:secret' };

/** Switches authentication on, as an operator does. @param args how etcdctl reaches it. */
export async function switchOn(etcd: Etcd, ...args: readonly string[]): Promise<void> {
  const run = (...command: readonly string[]): Promise<string> => etcdctl(etcd, ...args, ...command);
  await run('user', 'add', `root:${root.password}`);
  await run('user', 'grant-role', 'root', 'root');
  await run('role', 'add', 'mine');
  await run('role', 'grant-permission', 'mine', '--prefix=true', 'readwrite', '/mine/');
  await run('user', 'add', 'ann', '--new-user-password', String(ann.password));
  await run('user', 'grant-role', 'ann', 'mine');
  await run('auth', 'enable');
}
