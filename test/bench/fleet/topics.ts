import type { Effort } from '../effort.js';
import type { Topic } from '../report.js';
import { measureExec } from './exec.js';
import { measureExecMemory } from './exec-memory.js';
import { measureFirstByte, measureWarmCommand } from './warm-command.js';

/** Operating a fleet: every topic, or only those named. */
export async function* fleetTopics(
  effort: Effort,
  say: (text: string) => void,
  only?: readonly string[],
): AsyncGenerator<Topic> {
  const topics: Record<string, () => AsyncGenerator<Topic>> = {
    'exec-50': () => measureExec(50, effort),
    'exec-200': () => measureExec(200, effort),
    'exec-memory': () => measureExecMemory(),
    'warm-command': () => measureWarmCommand(effort),
    'first-byte': () => measureFirstByte(effort),
  };
  for (const [name, topic] of Object.entries(topics)) {
    if (only !== undefined && !only.includes(name)) continue;
    say(`measuring ${name}…\n`);
    yield* topic();
  }
}
