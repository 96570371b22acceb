import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** @throws Error with what systemd said */
export async function systemctl(...args: readonly string[]): Promise<string> {
  return (await run('systemctl', [...args], { maxBuffer: 1 << 20 })).stdout;
}

/** What systemd knows of a unit; what it does not know is empty or 0. */
export interface UnitState {
  /** `active`, `activating`, `inactive` … */
  readonly active: string;
  readonly sub: string;
  readonly pid: number;
  readonly restarts: number;
  /** How its last run ended: the kernel's code of SIGCHLD (1: exited), and its exit code or signal. */
  readonly exitCode: number;
  readonly exitStatus: number;
  readonly controlGroup: string;
}

export async function readUnit(unit: string): Promise<UnitState> {
  const properties = 'ActiveState,SubState,MainPID,NRestarts,ExecMainCode,ExecMainStatus,ControlGroup';
  const said = await systemctl('show', `--property=${properties}`, '--', unit);
  const found = new Map(said.split('\n').map((line) => [line.split('=', 1)[0], line.replace(/^[^=]*=/, '')]));
  const number = (name: string) => Number(found.get(name) ?? 0) || 0;
  return {
    active: found.get('ActiveState') ?? '',
    sub: found.get('SubState') ?? '',
    pid: number('MainPID'),
    restarts: number('NRestarts'),
    exitCode: number('ExecMainCode'),
    exitStatus: number('ExecMainStatus'),
    controlGroup: found.get('ControlGroup') ?? '',
  };
}

/** The processes of a control group, under either version of them. */
export function groupPids(controlGroup: string): number[] {
  if (controlGroup === '') return [];
  for (const root of ['/sys/fs/cgroup', '/sys/fs/cgroup/systemd', '/sys/fs/cgroup/unified']) {
    try {
      return readFileSync(`${root}${controlGroup}/cgroup.procs`, 'latin1')
        .split('\n')
        .filter(Boolean)
        .map(Number);
    } catch {
      // Not there.
    }
  }
  return [];
}

/** The end of what a unit's programs wrote. */
export async function readJournal(unit: string): Promise<string> {
  const args = ['--no-pager', '--output=cat', '--lines=20', `_SYSTEMD_UNIT=${unit}`];
  const { stdout } = await run('journalctl', args, { maxBuffer: 1 << 22 });
  return stdout.slice(-16_384).trimEnd();
}
