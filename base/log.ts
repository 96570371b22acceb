export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Receives what the tunnel has to say; it never prints by itself. */
export type Log = (level: LogLevel, message: string) => void;
