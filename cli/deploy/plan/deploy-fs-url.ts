/** What the read-only file systems of deploys are called, before the name of the tree. */
export const DEPLOY_FS = 'etcdfs:///fs/deploy/';
