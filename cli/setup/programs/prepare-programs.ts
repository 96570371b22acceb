import type { HostFacts } from '../facts/host-facts.js';
import type { Architecture } from './check-elf.js';
import type { LocalProgram } from './local-program.js';
import { prepareEtcd } from './prepare-etcd.js';
import { prepareRuntime } from './prepare-runtime.js';

/** Where the programs for hosts come from. */
export interface ProgramSources {
  readonly bundle: LocalProgram;
  /** `--runtime`. */
  readonly runtimeFile: string | undefined;
  /** `--etcd`. */
  readonly etcdFile: string | undefined;
  readonly useHostNode: boolean;
  /** Told what takes some seconds on this machine. */
  readonly say: (doing: string) => void;
}

type Machine = Pick<HostFacts, 'architecture'>;

/** The programs that hosts get, each prepared once for each kind of machine, and only when it is needed. */
export interface ProgramsForHosts {
  /** The bundle, and the runtime unless the host's own is used. */
  readonly forAgent: (machine: Machine) => Promise<readonly LocalProgram[]>;
  readonly etcd: (machine: Machine) => ReturnType<typeof prepareEtcd>;
}

/** For machines that were checked before: there are programs for them. */
export function programsForHosts(sources: ProgramSources, signal: AbortSignal): ProgramsForHosts {
  const { bundle, runtimeFile, etcdFile, useHostNode, say } = sources;
  const runtime = onceEach((architecture) =>
    prepareRuntime({ architecture, file: runtimeFile, say, signal }),
  );
  const etcd = onceEach((architecture) => prepareEtcd({ architecture, file: etcdFile, say, signal }));
  return {
    forAgent: async (machine) => (useHostNode ? [bundle] : [bundle, await runtime(machine)]),
    etcd,
  };
}

function onceEach<T>(prepare: (architecture: Architecture) => Promise<T>): (machine: Machine) => Promise<T> {
  const begun = new Map<string, Promise<T>>();
  return ({ architecture }) => {
    const found = begun.get(architecture) ?? prepare(architecture as Architecture);
    begun.set(architecture, found);
    return found;
  };
}
