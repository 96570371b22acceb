import { isUtf8 } from 'node:buffer';

/**
 * Names on a disk are bytes. Those that are UTF-8 are that text; in others each byte that is part of no character is a lone
 * surrogate, U+DC80 to U+DCFF for 0x80 to 0xFF, as in Python's `surrogateescape`. So every name is a text of its own, and
 * JSON carries it (`"caf\udce9"`).
 */
const ESCAPED_BYTE = /[\udc80-\udcff]/u;
const BASE = 0xdc00;

/** The length of a UTF-8 character by its first byte; 0 for a byte that begins none. */
function lengthAt(first: number): number {
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first < 0xe0) return 2;
  if (first >= 0xe0 && first < 0xf0) return 3;
  return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

/** The text that stands for a name's bytes. */
export function textOfName(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString();
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const length = lengthAt(bytes[at] ?? 0);
    const character = bytes.subarray(at, at + length);
    const isCharacter = length > 0 && character.length === length && isUtf8(character);
    text += isCharacter ? character.toString() : String.fromCharCode(BASE + (bytes[at] ?? 0));
    at += isCharacter ? length : 1;
  }
  return text;
}

/** Whether a name or path stands for bytes that are not UTF-8. */
export function hasOtherBytes(text: string): boolean {
  return ESCAPED_BYTE.test(text);
}

/** The bytes that a name or path stands for. */
export function bytesOfName(text: string): Buffer {
  if (!hasOtherBytes(text)) return Buffer.from(text);
  const parts = Array.from(text, (character) =>
    hasOtherBytes(character) ? Buffer.of(character.charCodeAt(0) - BASE) : Buffer.from(character),
  );
  return Buffer.concat(parts);
}

/** Whether a text stands for bytes, and is the text that those bytes have: no two names are the same on a disk. */
export function isNameText(text: string): boolean {
  if (!/\p{Surrogate}/u.test(text)) return true;
  return textOfName(bytesOfName(text)) === text;
}

/** What Node takes as a path: it would turn a lone surrogate into another character. */
export function pathOnDisk(text: string): string | Buffer {
  return hasOtherBytes(text) ? bytesOfName(text) : text;
}
