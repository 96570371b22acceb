import { setTimeout as delay } from 'node:timers/promises';
import { valueIs } from '../../world/client/txn/transaction.js';
import { type ClientWorld, WorldError } from '../../world/index.js';
import type { Effect, History, Outcome } from './checks/history.js';
import type { Random } from './random.js';

/** How long an operation may take before its process gives it up. */
const TIMEOUT_MS = 3_000;
/** Between two operations of a process, so that the cluster is used and not put under load. */
const PAUSE_MS = 25;

/** The keys that are written once each. */
export const APPENDED = '/strings/appended/';

export interface WorkloadOptions {
  readonly worlds: readonly ClientWorld[];
  readonly history: History;
  readonly random: Random;
  readonly registers: readonly string[];
  /** How many processes read and write registers. */
  readonly processes: number;
  /** Told of what must not happen. */
  readonly complain: (complaint: string) => void;
}

/** Processes that use the World at the same time and record what came of it. */
export class Workload {
  /** What was written under names of their own, and acknowledged. */
  readonly acknowledged = new Set<string>();
  /** The longest time in which no write was acknowledged. */
  longestGapMs = 0;
  readonly #options: WorkloadOptions;
  readonly #over = new AbortController();
  readonly #running: Promise<void>[] = [];
  #values = 0;
  #lastWriteMs = 0;

  constructor(options: WorkloadOptions) {
    this.#options = options;
  }

  start(): void {
    const { worlds, processes } = this.#options;
    this.#lastWriteMs = performance.now();
    for (let index = 0; index < processes; index += 1) {
      const world = worlds[index % worlds.length];
      if (world !== undefined) this.#running.push(this.#useRegisters(world));
    }
    for (const world of worlds) this.#running.push(this.#append(world));
  }

  /** Lets every operation under way come to its end. */
  async stop(): Promise<void> {
    this.#over.abort();
    await Promise.all(this.#running);
    this.#noteWrite();
  }

  /** Reads every register once more. */
  async readAll(): Promise<void> {
    const [world] = this.#options.worlds;
    if (world === undefined) return;
    const process = this.#options.history.newProcess();
    for (const register of this.#options.registers) await this.#perform(world, process, register, 'read');
  }

  async #useRegisters(world: ClientWorld): Promise<void> {
    const { random, registers, history } = this.#options;
    let process = history.newProcess();
    const seen = new Map<string, string>();
    while (!this.#over.signal.aborted) {
      const register = random.pick(registers);
      const kind = random.weighted([
        ['read', 4],
        ['put', 3],
        ['compare', 3],
        ['delete', 1],
      ] as const);
      const outcome = await this.#perform(world, process, register, kind, seen.get(register));
      if (outcome.ended === 'unknown') process = history.newProcess();
      const value = outcome.ended === 'done' ? valueIn(outcome.effect) : undefined;
      if (value === undefined) seen.delete(register);
      else seen.set(register, value);
      await delay(PAUSE_MS);
    }
  }

  async #perform(
    world: ClientWorld,
    process: number,
    register: string,
    kind: 'read' | 'put' | 'compare' | 'delete',
    expected?: string,
  ): Promise<Outcome> {
    const { history } = this.#options;
    const outcome = await history.record(process, register, () => {
      if (kind === 'put') return this.#put(world, register);
      if (kind === 'delete')
        return this.#write({ kind }, () => world.strDel(register, { timeoutMs: TIMEOUT_MS }));
      if (kind === 'compare' && expected !== undefined) return this.#compare(world, register, expected);
      return this.#read(world, register);
    });
    if (outcome.ended === 'done' && kind !== 'read') this.#noteWrite();
    return outcome;
  }

  #put(world: ClientWorld, register: string): Promise<Outcome> {
    const value = this.#newValue();
    return this.#write({ kind: 'put', value }, () =>
      world.strSet(register, value, { timeoutMs: TIMEOUT_MS }),
    );
  }

  async #write(effect: Effect, perform: () => Promise<void>): Promise<Outcome> {
    try {
      await perform();
      return { ended: 'done', effect };
    } catch (error) {
      return this.#isUnknown(error) ? { ended: 'unknown', effect } : { ended: 'not-done' };
    }
  }

  async #read(world: ClientWorld, register: string): Promise<Outcome> {
    try {
      const found = await world.strGet(register, { timeoutMs: TIMEOUT_MS });
      return { ended: 'done', effect: { kind: 'read', found } };
    } catch (error) {
      if (world.strIsNotExist(error)) return { ended: 'done', effect: { kind: 'read', found: undefined } };
      this.#isUnknown(error);
      return { ended: 'unknown', effect: undefined };
    }
  }

  async #compare(world: ClientWorld, register: string, from: string): Promise<Outcome> {
    const to = this.#newValue();
    const key = `/strings/${register}`;
    try {
      const { succeeded, replies } = await world.client.txn(
        { compare: [valueIs(key, from)], success: [{ put: key, value: to }], failure: [{ get: key }] },
        { timeoutMs: TIMEOUT_MS },
      );
      if (succeeded) return { ended: 'done', effect: { kind: 'swap', from, to } };
      const found = replies[0]?.entries[0]?.value.toString();
      return { ended: 'done', effect: { kind: 'no-swap', from, found } };
    } catch (error) {
      return this.#isUnknown(error)
        ? { ended: 'unknown', effect: { kind: 'swap', from, to } }
        : { ended: 'not-done' };
    }
  }

  /** Writes one key after another and never touches it again. */
  async #append(world: ClientWorld): Promise<void> {
    while (!this.#over.signal.aborted) {
      const name = this.#newValue();
      const { ended } = await this.#write({ kind: 'put', value: name }, () =>
        world.strSet(`appended/${name}`, name, { timeoutMs: TIMEOUT_MS }),
      );
      if (ended === 'done') {
        this.acknowledged.add(name);
        this.#noteWrite();
      }
      await delay(PAUSE_MS);
    }
  }

  #newValue(): string {
    this.#values += 1;
    return `v${this.#values}`;
  }

  #noteWrite(): void {
    const now = performance.now();
    this.longestGapMs = Math.max(this.longestGapMs, now - this.#lastWriteMs);
    this.#lastWriteMs = now;
  }

  /** Whether a write may have been applied although it failed. */
  #isUnknown(error: unknown): boolean {
    if (error instanceof WorldError && error.code === 'outcome-unknown') return true;
    if (!(error instanceof WorldError && error.code === 'unavailable'))
      this.#options.complain(`an operation failed in an unexpected way: ${String(error)}`);
    return !(error instanceof WorldError);
  }
}

function valueIn(effect: Effect): string | undefined {
  if (effect.kind === 'read' || effect.kind === 'no-swap') return effect.found;
  if (effect.kind === 'swap') return effect.to;
  return effect.kind === 'put' ? effect.value : undefined;
}
