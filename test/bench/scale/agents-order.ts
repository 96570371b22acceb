/** What a process of agents is told. */
export interface AgentsOrder {
  /** Where etcd is. */
  readonly url: string;
  /** Holds a directory for each agent. */
  readonly folder: string;
  /** The number of the first one: they are `h1`, `h2` and so on. */
  readonly first: number;
  readonly count: number;
}
