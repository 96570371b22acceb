import type { ClientWorld } from '../../../world/index.js';
import { APPENDED, type Workload } from '../workload.js';
import type { Effect, History, Operation } from './history.js';
import { checkRegister } from './linearizability.js';
import { settleUnknown } from './settle-unknown.js';

/** What cannot be of what the processes saw, after a last look at everything. */
export async function judge(world: ClientWorld, history: History, workload: Workload): Promise<string[]> {
  await workload.readAll();
  return [...(await missing(world, workload.acknowledged)), ...judgeRegisters(history.registers)];
}

/** Complains of writes that were acknowledged and are not there. */
export async function missing(world: ClientWorld, acknowledged: ReadonlySet<string>): Promise<string[]> {
  try {
    const { entries } = await world.client.list(APPENDED);
    const there = new Set(entries.map(({ value }) => value.toString()));
    const lost = [...acknowledged].filter((name) => !there.has(name));
    if (lost.length === 0) return [];
    return [`${lost.length} acknowledged writes are missing: ${lost.slice(0, 20).join(', ')}`];
  } catch (error) {
    return [`nobody can tell whether acknowledged writes are missing: ${String(error)}`];
  }
}

/** Complains of registers whose history is not linearizable. */
export function judgeRegisters(registers: ReadonlyMap<string, readonly Operation[]>): string[] {
  return [...registers].flatMap(([register, operations]) => {
    const verdict = checkRegister(settleUnknown(operations));
    if (verdict.linearizable) return [];
    const possible = verdict.possible.map((value) => value ?? 'nothing').join(' or ');
    return [
      `the history of ${register} is not linearizable: nothing explains\n  ${describe(verdict.at)}\n` +
        `when the register held ${possible}; around it:\n  ${verdict.around.map(describe).join('\n  ')}`,
    ];
  });
}

function describe({ process, effect, invoked, completed }: Operation): string {
  return `[${invoked}, ${completed}] process ${process}: ${describeEffect(effect)}`;
}

function describeEffect(effect: Effect): string {
  switch (effect.kind) {
    case 'read':
      return `read ${effect.found ?? 'nothing'}`;
    case 'put':
      return `put ${effect.value}`;
    case 'delete':
      return 'delete';
    case 'swap':
      return `replaced ${effect.from} with ${effect.to}`;
    case 'no-swap':
      return `expected ${effect.from}, found ${effect.found ?? 'nothing'}`;
  }
}
