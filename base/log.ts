export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Receives what a library has to say; libraries never print. */
export type Log = (level: LogLevel, message: string) => void;

const MOST_REMEMBERED = 1000;

/** Passes each warning on once, for what is read again and again and finds the same fault each time. */
export function warnOnce(log: Log | undefined): Log | undefined {
  if (log === undefined) return undefined;
  const given = new Set<string>();
  return (level, message) => {
    if (level === 'warn') {
      if (given.has(message)) return;
      if (given.size < MOST_REMEMBERED) given.add(message);
    }
    log(level, message);
  };
}
