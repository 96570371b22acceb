/** Receives what a library has to say; libraries never print. */
export type Log = (level: 'debug' | 'info' | 'warn' | 'error', message: string) => void;
