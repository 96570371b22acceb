import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ENVIRONMENT_FOLDER, UNIT_FOLDER, UNIT_PREFIX } from './unit-names.js';

/** @returns whether it was another before */
export async function putUnit(unit: string, text: string): Promise<boolean> {
  return put(path.join(UNIT_FOLDER, unit), text, 0o644);
}

/** @returns whether it was another before */
export async function putEnvironment(unit: string, text: string): Promise<boolean> {
  await mkdir(ENVIRONMENT_FOLDER, { recursive: true, mode: 0o700 });
  return put(path.join(ENVIRONMENT_FOLDER, `${unit}.env`), text, 0o600);
}

export async function readUnitFile(unit: string): Promise<string | undefined> {
  return readFile(path.join(UNIT_FOLDER, unit), 'utf8').catch(() => undefined);
}

/** The units of apps that have a file here. */
export async function listUnits(): Promise<string[]> {
  const names = await readdir(UNIT_FOLDER).catch(() => [] as string[]);
  return names.filter((name) => name.startsWith(UNIT_PREFIX) && /\.(service|socket)$/.test(name));
}

export async function removeUnit(unit: string): Promise<void> {
  await rm(path.join(UNIT_FOLDER, unit), { force: true });
  await rm(path.join(ENVIRONMENT_FOLDER, `${unit}.env`), { force: true });
}

async function put(file: string, text: string, mode: number): Promise<boolean> {
  if ((await readFile(file, 'utf8').catch(() => undefined)) === text) return false;
  const temporary = `${file}.new`;
  await rm(temporary, { force: true });
  await writeFile(temporary, text, { mode, flag: 'wx' });
  await rename(temporary, file);
  return true;
}
