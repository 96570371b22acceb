const HIDDEN = '[removed]';

/** What looks like a secret in a text, with what stays of it. */
const SECRETS: readonly (readonly [pattern: RegExp, kept: string])[] = [
  // The password of a URL or of user:password@host.
  [/([a-z][a-z0-9+.-]*:\/\/[^\s/:@]*):[^\s/@]+@/gi, `$1:${HIDDEN}@`],
  [/(^|[\s"'])([^\s:@/"']+):[^\s/@]+@/g, `$1$2:${HIDDEN}@`],
  // As etcdctl has it.
  [/(--user[ =][^\s:]+):\S+/g, `$1:${HIDDEN}`],
  [/(-----BEGIN [A-Z ]*PRIVATE KEY-----)[\s\S]*?(-----END|$)/g, `$1${HIDDEN}$2`],
  [/\bAGE-SECRET-KEY-[0-9A-Z]+/gi, HIDDEN],
  [
    /\b((?:pass(?:word|phrase|wd)?|secret|token|api[-_]?key)\s*[=:]\s*)(?:"[^"]*"|'[^']*'|[^\s,;]+)/gi,
    `$1${HIDDEN}`,
  ],
];

/** A text without what looks like a secret in it. */
export function withoutSecrets(text: string): string {
  return SECRETS.reduce((shown, [pattern, kept]) => shown.replace(pattern, kept), text);
}
