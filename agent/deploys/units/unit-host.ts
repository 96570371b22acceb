import { setTimeout as delay } from 'node:timers/promises';
import type { Log, Manifest } from '../../../world/internal.js';
import { findProgram } from '../../processes/find-program.js';
import type { ProcessMark } from '../../processes/process-mark.js';
import type { HostedProcess, ProcessHost, ProcessSpec, StartOptions } from '../processes/process-host.js';
import { HostedUnit } from './hosted-unit.js';
import { readUnit, systemctl } from './systemctl.js';
import { formatEnvironment, formatService, formatSocket, listenAddress } from './unit-files.js';
import { serviceName, socketName, socketStem, UNIT_PREFIX } from './unit-names.js';
import { listUnits, putEnvironment, putUnit, readUnitFile, removeUnit } from './unit-store.js';

/** How soon a process that cannot be started is tried again. */
const RETRY_MS = 5_000;

/** Runs the processes of apps as units of systemd, which go on while the agent is away. */
export class UnitHost implements ProcessHost {
  readonly outlivesAgent = true;
  readonly #mark: ProcessMark;
  readonly #log: Log;
  readonly #all = new Set<HostedUnit>();
  /** Files of units are changed by one at a time. */
  #changing: Promise<unknown> = Promise.resolve();

  constructor(mark: ProcessMark, log: Log) {
    this.#mark = mark;
    this.#log = log;
  }

  refusal({ processes = {} }: Manifest): string | undefined {
    const bad = Object.entries(processes).find(
      ([, { listen }]) => listen !== undefined && listenAddress(listen) === undefined,
    );
    if (bad === undefined) return undefined;
    return `The process ${bad[0]} has a "listen" that is not an address with a port, such as 127.0.0.1:8080 or [::]:8080.`;
  }

  async start(spec: ProcessSpec, { onChange, replaces }: StartOptions): Promise<HostedProcess> {
    const unit = new HostedUnit(spec, onChange);
    try {
      await this.#start(unit, replaces);
    } catch (error) {
      await unit.stop(); // systemd would try it again
      throw error;
    }
    return unit;
  }

  keep(spec: ProcessSpec, { onChange }: StartOptions): HostedProcess {
    const unit = new HostedUnit(spec, onChange);
    unit.keepRunning();
    void this.#keep(unit);
    return unit;
  }

  async endAllBut(specs: readonly ProcessSpec[]): Promise<void> {
    await this.#mark.killOrphanedApps(this.#log); // hooks
    const staying = unitsOf(specs);
    await this.#change(() => this.#remove((unit) => !staying.has(unit)));
  }

  async forget(app: string, specs: readonly ProcessSpec[]): Promise<void> {
    const staying = unitsOf(specs);
    await this.#change(() =>
      this.#remove((unit) => unit.startsWith(`${UNIT_PREFIX}${app}.`) && !staying.has(unit)),
    );
  }

  async #keep(unit: HostedUnit): Promise<void> {
    while (!unit.isOver) {
      try {
        await this.#start(unit, undefined);
        return;
      } catch (error) {
        if (unit.isOver) return;
        unit.failed(`could not be started (${(error as Error).message})`);
        this.#log('error', `${unit.unit} could not be started: ${(error as Error).message}`);
        await delay(RETRY_MS, undefined, { ref: false });
      }
    }
  }

  /** Starts it, or takes it as it runs already. */
  async #start(unit: HostedUnit, replaces: HostedProcess | undefined): Promise<void> {
    const { spec } = unit;
    const [name] = spec.argv;
    const program = findProgram(name, spec.environment['PATH'], spec.folder);
    if (program === undefined) throw Object.assign(new Error(`spawn ${name} ENOENT`), { code: 'ENOENT' });
    this.#all.add(unit);
    const isOther = await this.#change(() => this.#write(spec, program));
    const found = await readUnit(unit.unit);
    if (!isOther && found.pid !== 0) return unit.watch(found);
    await replaces?.stop();
    if (spec.listen === undefined) await this.#tidy(unit);
    if (unit.isOver) return;
    await systemctl(isOther && found.pid !== 0 ? 'restart' : 'start', '--', unit.unit);
    unit.watch(await readUnit(unit.unit));
    if (unit.isStopped) await unit.stop();
    if (spec.listen !== undefined) await this.#tidy(unit);
  }

  /** @returns whether the unit is another than before */
  async #write(spec: ProcessSpec, program: string): Promise<boolean> {
    const address = spec.listen === undefined ? undefined : listenAddress(spec.listen);
    const socket = socketName(spec);
    const old = await readUnitFile(socket);
    if (old !== undefined && !(address !== undefined && old.includes(`\nListenStream=${address}\n`)))
      await this.#remove((unit) => unit === socket || unit.startsWith(`${socketStem(spec)}.`));
    const isOther = [
      await putEnvironment(serviceName(spec), formatEnvironment(spec.environment)),
      await putUnit(serviceName(spec), formatService(spec, program)),
    ].includes(true);
    const isSocketOther = address !== undefined && (await putUnit(socket, formatSocket(spec, address)));
    if (isOther || isSocketOther) await systemctl('daemon-reload');
    if (address !== undefined) await systemctl('start', '--', socket);
    return isOther;
  }

  /** Removes the units of other releases of this process that nobody runs any more. */
  async #tidy({ spec }: HostedUnit): Promise<void> {
    for (const unit of this.#all) if (unit.isStopped) this.#all.delete(unit);
    const inUse = new Set([...this.#all].map(({ unit }) => unit));
    await this.#change(() =>
      this.#remove((unit) => {
        return unit.startsWith(`${socketStem(spec)}.`) && unit !== socketName(spec) && !inUse.has(unit);
      }),
    );
  }

  async #remove(isGoing: (unit: string) => boolean): Promise<void> {
    const going = (await listUnits()).filter(isGoing);
    if (going.length === 0) return;
    // Sockets first, lest a connection start a service again.
    for (const kind of ['.socket', '.service']) {
      const some = going.filter((unit) => unit.endsWith(kind));
      if (some.length > 0) await systemctl('stop', '--', ...some);
    }
    for (const unit of going) await removeUnit(unit);
    await systemctl('daemon-reload');
    await systemctl('reset-failed', '--', ...going).catch(() => undefined); // none had failed
  }

  #change<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.#changing.then(work);
    this.#changing = done.catch(() => undefined);
    return done;
  }
}

function unitsOf(specs: readonly ProcessSpec[]): Set<string> {
  return new Set(
    specs.flatMap((spec) => [serviceName(spec), ...(spec.listen === undefined ? [] : [socketName(spec)])]),
  );
}
