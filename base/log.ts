export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Receives a library's messages; libraries never print. */
export type Log = (level: LogLevel, message: string) => void;

const MAX_REMEMBERED = 1000;

/** Passes each warning on only once, for code that reads the same faulty data repeatedly. */
export function warnOnce(log: Log | undefined): Log | undefined {
  if (log === undefined) return undefined;
  const seen = new Set<string>();
  return (level, message) => {
    if (level === 'warn') {
      if (seen.has(message)) return;
      if (seen.size < MAX_REMEMBERED) seen.add(message);
    }
    log(level, message);
  };
}
