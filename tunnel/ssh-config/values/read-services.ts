import { readFile } from 'node:fs/promises';

/** The TCP port of a service, as in getservbyname(3). */
export type PortOf = (service: string) => number | undefined;

/** Reads the ports of services; without the file there are none. */
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
    // Service names are a convenience: port numbers work without the file.
    return '';
  }
}
