import { readFile } from 'node:fs/promises';

/** The TCP port that a service has, as getservbyname(3) has it. */
export type PortOf = (service: string) => number | undefined;

/** Reads which ports services have; without such a file none has any. */
export async function readServices(file = '/etc/services'): Promise<PortOf> {
  const ports = new Map<string, number>();
  for (const line of (await readOrNothing(file)).split('\n')) {
    const [name = '', portText = '', ...aliases] = line.replace(/#.*/, '').trim().split(/\s+/);
    const port = /^(\d{1,5})\/tcp$/.exec(portText)?.[1];
    if (port === undefined) continue;
    for (const one of [name, ...aliases]) if (!ports.has(one)) ports.set(one, Number(port));
  }
  return (service) => ports.get(service);
}

async function readOrNothing(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch {
    // Names of services are a convenience: numbers go without.
    return '';
  }
}
