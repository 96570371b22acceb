import { hostname, userInfo } from 'node:os';

/** What we are called: by the passwd entry, else by `USER` or `LOGNAME`; at least we have a number. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A user without a passwd entry, as in a container.
    return process.env['USER'] || process.env['LOGNAME'] || String(process.getuid?.() ?? '');
  }
}

/** Who does something, for the records of the fleet: "ann@laptop". */
export function ourName(): string {
  return `${userName()}@${hostname()}`;
}
