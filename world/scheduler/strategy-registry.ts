import { WorldError } from '../errors.js';
import { alphabetical } from './strategies/alphabetical.js';
import { mostCapacity } from './strategies/most-capacity.js';
import { roundRobin } from './strategies/round-robin.js';
import { spread } from './strategies/spread.js';
import type { Strategy } from './strategy.js';

/** The names of the strategies that every World knows. */
export const STRATEGIES = ['rr', 'alpha', 'spread', 'capacity'] as const;

/** The strategies that one World knows by name. */
export class StrategyRegistry {
  readonly #known = new Map<string, Strategy>([
    ['rr', roundRobin],
    ['alpha', alphabetical],
    ['spread', spread],
    ['capacity', mostCapacity],
  ]);

  get(name: string): Strategy | undefined {
    return this.#known.get(name);
  }

  /** @throws WorldError `invalid` for an empty name, `conflict` for one that is taken. */
  register(name: string, strategy: Strategy): void {
    if (name === '') throw new WorldError('invalid', 'A scheduling strategy needs a name.');
    if (this.#known.has(name))
      throw new WorldError('conflict', `The scheduling strategy "${name}" already exists.`);
    this.#known.set(name, strategy);
  }

  /** @throws WorldError `invalid` naming those that there are. */
  check(name: string): void {
    if (this.#known.has(name)) return;
    const known = [...this.#known.keys()].join(', ');
    throw new WorldError('invalid', `There is no scheduling strategy "${name}": choose one of ${known}.`);
  }
}
