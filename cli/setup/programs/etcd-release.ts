import type { Architecture } from './check-elf.js';

/** An official build of etcd, and the SHA-256 of its archive for each kind of machine. */
export interface EtcdRelease {
  readonly version: string;
  readonly builds: Readonly<Record<Architecture, { readonly name: string; readonly sha256: string }>>;
}

/** What hosts get that have no etcd of their own. A 3.5 goes together with hosts that have 3.4, and with those that have 3.6. */
export const ETCD_RELEASE: EtcdRelease = {
  version: '3.5.21',
  builds: {
    x64: { name: 'amd64', sha256: 'adddda4b06718e68671ffabff2f8cee48488ba61ad82900e639d108f2148501c' },
    arm64: { name: 'arm64', sha256: '95bf6918623a097c0385b96f139d90248614485e781ec9bee4768dbb6c79c53f' },
  },
};
