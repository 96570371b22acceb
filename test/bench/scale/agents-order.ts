/** What a process of agents is told. */
export interface AgentsOrder {
  /** The port of etcd, to which every address of this machine leads. */
  readonly port: number;
  /** Holds a directory for each agent. */
  readonly folder: string;
  /** The number of the first one: they are `h1`, `h2` and so on. */
  readonly first: number;
  readonly count: number;
}
