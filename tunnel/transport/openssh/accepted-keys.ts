/** For the option LogVerbose: makes `ssh` (8.5 and later) say at any log level which of its keys a host accepts. */
export const LOG_ACCEPTED_KEYS = '*:input_userauth_pk_ok():*';

/** What it says then: the file may have any name, so what counts is at the end. */
const LINE = /^(?:debug\d: )?\S+\.c:input_userauth_pk_ok\(\)[^\n]*(?:\n|$)/gm;
const FINGERPRINT =
  /: Server accepts key: .* (SHA256:[A-Za-z0-9+/]{43})(?: (?:explicit|agent|token|authenticator))*\s*$/;

/** The fingerprint of the key that a host accepted last; undefined for a login without a key, and where `ssh` is older. */
export function lastAcceptedKey(output: string): string | undefined {
  const last = output.match(LINE)?.at(-1);
  return last === undefined ? undefined : FINGERPRINT.exec(last)?.[1];
}

/** What else `ssh` said. */
export function withoutAcceptedKeys(output: string): string {
  return output.replace(LINE, '');
}
