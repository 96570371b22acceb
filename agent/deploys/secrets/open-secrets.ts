import { type AppSecret, openSecret } from '../../../world/internal.js';
import type { SealedSecrets } from './fetch-secrets.js';
import type { HostIdentity } from './host-identity.js';

/** The secrets of a release in the clear: only in memory, and where its programs read them. */
export interface OpenSecrets {
  /** Variables of its programs. */
  readonly variables: Readonly<Record<string, string>>;
  /** Files of its programs, by name. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

export const NO_SECRETS: OpenSecrets = { variables: {}, files: new Map() };

/** @throws Error, with a sentence for the log and nothing of a value, for what this host cannot decrypt */
export async function openSecrets(
  app: string,
  wanted: Readonly<Record<string, AppSecret>>,
  sealed: SealedSecrets | undefined,
  host: HostIdentity,
): Promise<OpenSecrets> {
  const variables: [string, string][] = [];
  const files = new Map<string, Uint8Array>();
  for (const [name, { as }] of Object.entries(wanted)) {
    const { identity } = await host.get();
    const value = await openSecret({ app, name }, sealed?.[name] ?? '', identity).catch((error: Error) => {
      throw new Error(
        `This host can no longer read the secret ${name} (${error.message}): set it again, then deploy again`,
      );
    });
    if (as === 'file') files.set(name, value);
    else variables.push([name, value.toString()]);
  }
  // Unlike an assignment, this makes a variable of any name.
  return { variables: Object.fromEntries(variables), files };
}

/** Shorter values would hide every other letter of a log. */
const LEAST_HIDDEN = 4;

/** Hides what secrets hold in what a program wrote, for the fleet reads that. Lines of a value count by themselves. */
export function hideSecrets(text: string, { variables, files }: OpenSecrets): string {
  const values = [
    ...Object.values(variables),
    ...[...files.values()].map((file) => Buffer.from(file).toString()),
  ];
  return values
    .flatMap((value) => [value, ...value.split('\n').map((line) => line.trim())])
    .filter((value) => value.length >= LEAST_HIDDEN)
    .sort((a, b) => b.length - a.length)
    .reduce((hidden, value) => hidden.replaceAll(value, '***'), text);
}
