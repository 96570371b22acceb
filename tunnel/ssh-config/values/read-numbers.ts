const MAX_INT = 2 ** 31 - 1;

const SECONDS = new Map([
  ['', 1],
  ['s', 1],
  ['m', 60],
  ['h', 3_600],
  ['d', 86_400],
  ['w', 604_800],
]);

const SCALES = 'BKMGTPE';

/** A non-negative integer, as strtonum(3) reads it; undefined for anything else. */
export function readInteger(text: string, max = MAX_INT): number | undefined {
  if (!/^[ \t\r\n\v\f]*[+-]?\d+$/.test(text)) return undefined;
  const number = Number(text);
  // Minus zero is valid.
  return number >= 0 && number <= max ? Math.abs(number) : undefined;
}

/** A time such as `90`, `5m` or `1h30m`, in seconds. */
export function readSeconds(text: string): number | undefined {
  if (!/^([ \t]*\+?\d+[smhdw]?)+$/i.test(text)) return undefined;
  let total = 0;
  for (const [, number = '', unit = ''] of text.toLowerCase().matchAll(/(\d+)([smhdw]?)/g)) {
    total += Number(number) * (SECONDS.get(unit) ?? 1);
    if (total > MAX_INT) return undefined;
  }
  return total;
}

/** A number of bytes such as `1G`, `1.5k` or `4096`. */
export function readBytes(text: string): bigint | undefined {
  const [, sign = '', whole = '', fraction = '', scale = ''] =
    /^\s*([+-]?)(\d{0,18})(?:\.(\d*))?([BKMGTPE]?)(?![a-z\d])/i.exec(text) ?? [];
  if (text.trim() === '' || !/^\s*[+-]?\d*(\.\d*)?([BKMGTPE](?![a-z\d]).*)?$/is.test(text)) return undefined;
  const factor = 1024n ** BigInt(Math.max(0, SCALES.indexOf(scale.toUpperCase())));
  const digits = fraction.slice(0, 17);
  const part = scale === '' || digits === '' ? 0n : (BigInt(digits) * factor) / 10n ** BigInt(digits.length);
  const bytes = BigInt(whole === '' ? 0 : whole) * factor + part;
  if (bytes > 2n ** 63n - 1n) return undefined;
  return sign === '-' ? -bytes : bytes;
}
