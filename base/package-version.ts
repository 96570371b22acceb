import { readFileSync } from 'node:fs';

declare const HAWSER_VERSION: string | undefined;

/** The version in this package's `package.json`, which the bundle for hosts has inside instead. */
export function packageVersion(): string {
  if (typeof HAWSER_VERSION === 'string') return HAWSER_VERSION;
  const file = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(file) as { version: string }).version;
}
