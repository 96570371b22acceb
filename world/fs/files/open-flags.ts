/** What the flags of `open` ask for. */
export interface OpenFlags {
  readonly read: boolean;
  readonly write: boolean;
  readonly create: boolean;
  readonly exclusive: boolean;
  readonly truncate: boolean;
  readonly append: boolean;
}

/** The flags of Node that make sense here. */
export type OpenFlag = 'r' | 'r+' | 'w' | 'wx' | 'w+' | 'wx+' | 'a' | 'ax' | 'a+' | 'ax+';

const FLAGS = /^(?:(r)|([wa])(x?))(\+?)$/;

/** @throws TypeError for flags that there are not. */
export function parseFlags(flags: string): OpenFlags {
  const match = FLAGS.exec(flags);
  if (match === null) {
    const error = new TypeError(`"${flags}" is not a valid open flag: use r, w or a, with x and +.`);
    throw Object.assign(error, { code: 'ERR_INVALID_ARG_VALUE' });
  }
  const [, read, kind, exclusive, plus] = match;
  return {
    read: read !== undefined || plus === '+',
    write: kind !== undefined || plus === '+',
    create: kind !== undefined,
    exclusive: exclusive === 'x',
    truncate: kind === 'w',
    append: kind === 'a',
  };
}

const UMASK = 0o022;

/** The bits that something new gets: those asked for, without writing by others, whatever this process's umask is. */
export function permissions(mode: number): number {
  return mode & 0o777 & ~UMASK;
}
