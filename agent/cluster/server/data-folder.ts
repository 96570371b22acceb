import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import type { FleetIdentity } from '../../../world/internal.js';
import { readPrivateFile } from '../../prefix/open-private-file.js';
import { FleetFile, type RememberedFleet } from '../start/fleet-file.js';

const endpointsSchema = z.object({ endpoints: z.array(z.string()).min(1) });

/** The data of an agent's server: `etcd/` in its prefix, mode 0700. */
export class DataFolder {
  /** etcd's working directory: its log, its sockets, the snapshots. */
  readonly folder: string;
  /** etcd's own data. */
  readonly data: string;
  readonly #fleetFile: FleetFile;
  #fleet: FleetIdentity | undefined;
  #endpoints: readonly string[] = [];
  #remembering: Promise<void> = Promise.resolve();

  constructor(prefix: string) {
    this.#fleetFile = new FleetFile(prefix);
    this.folder = path.join(prefix, 'etcd');
    this.data = path.join(this.folder, 'data');
  }

  /** Whether a server ran here and its data is still in place. */
  get hasData(): boolean {
    return existsSync(path.join(this.data, 'member', 'wal'));
  }

  /** Moves the data to `data.old`, where no server uses it; the previous `data.old` becomes `data.older`. */
  async moveDataAside(): Promise<void> {
    if (existsSync(this.data)) await this.#keepAsOld(this.data);
  }

  /** Takes other data in place of what is there, which {@link undoRestore} brings back until {@link keepRestored}. */
  async exchange(restored: string): Promise<void> {
    if (existsSync(this.data)) await rename(this.data, this.#beforeRestore);
    else await mkdir(this.#beforeRestore, { mode: 0o700 });
    await rename(restored, this.data);
  }

  /** What was there before becomes `data.old`. */
  async keepRestored(): Promise<void> {
    await this.#keepAsOld(this.#beforeRestore);
  }

  /** For a restore that did not come to its end. @returns whether there was one */
  async undoRestore(): Promise<boolean> {
    if (!existsSync(this.#beforeRestore)) return false;
    await rm(this.data, { recursive: true, force: true });
    await rename(this.#beforeRestore, this.data);
    return true;
  }

  async #keepAsOld(data: string): Promise<void> {
    const [old, older] = ['data.old', 'data.older'].map((name) => path.join(this.folder, name)) as [
      string,
      string,
    ];
    if (existsSync(old)) {
      await rm(older, { recursive: true, force: true });
      await rename(old, older);
    }
    await rename(data, old);
  }

  /** For incomplete data: of a server that never joined. */
  async removeData(): Promise<void> {
    await rm(this.data, { recursive: true, force: true });
  }

  /** Whether the server was stopped because the wanted size was 0. */
  get isDrained(): boolean {
    return existsSync(this.#drainedMark);
  }

  async setDrained(drained: boolean): Promise<void> {
    await rm(this.#drainedMark, { force: true });
    if (drained) await writeFile(this.#drainedMark, '', { flag: 'wx', mode: 0o600 });
  }

  /** The fleet that this prefix belongs to. @throws AgentError `invalid` when its file cannot be understood. */
  async rememberedFleet(): Promise<RememberedFleet | undefined> {
    const found = await this.#fleetFile.read();
    this.#fleet = found;
    return found;
  }

  /** The last known endpoints of the cluster; empty if they are unknown. */
  async knownEndpoints(): Promise<readonly string[]> {
    try {
      this.#endpoints = endpointsSchema.parse(
        JSON.parse(await readPrivateFile(this.#endpointsFile)),
      ).endpoints;
      return this.#endpoints;
    } catch {
      return []; // not written yet, or damaged: it is only a hint
    }
  }

  /** The fleet that this prefix belongs to, as last read or recorded. */
  get fleet(): FleetIdentity | undefined {
    return this.#fleet;
  }

  /** Records the cluster's endpoints. */
  remember(endpoints: readonly string[]): Promise<void> {
    return this.#oneAtATime(async () => {
      this.#endpoints = endpoints;
      await this.#write(endpoints);
      if (this.#fleet !== undefined) await this.#fleetFile.write({ ...this.#fleet, endpoints });
    });
  }

  /** Records the fleet that this prefix belongs to. */
  rememberFleet(fleet: FleetIdentity): Promise<void> {
    return this.#oneAtATime(async () => {
      await this.#fleetFile.write({ ...fleet, endpoints: this.#endpoints });
      this.#fleet = fleet;
    });
  }

  /** Resolves when every pending record has been written or has failed. */
  async flushed(): Promise<void> {
    await this.#remembering;
  }

  /** One at a time, so that the last one requested wins. */
  #oneAtATime(write: () => Promise<void>): Promise<void> {
    const writing = this.#remembering.then(write);
    this.#remembering = writing.catch(() => undefined); // the caller gets the failure
    return writing;
  }

  async #write(endpoints: readonly string[]): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    const partial = `${this.#endpointsFile}.part`;
    await rm(partial, { force: true });
    await writeFile(partial, `${JSON.stringify({ endpoints })}\n`, { flag: 'wx', mode: 0o600 });
    await rename(partial, this.#endpointsFile);
  }

  get #endpointsFile(): string {
    return path.join(this.folder, 'endpoints.json');
  }

  get #beforeRestore(): string {
    return path.join(this.folder, 'data.before-restore');
  }

  get #drainedMark(): string {
    return path.join(this.folder, 'drained');
  }
}
