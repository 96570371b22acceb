/**
 * Text from somebody else's file, for a question that a person decides by: everything but plain ASCII becomes an escape,
 * so that no character moves the cursor, reverses the line or passes for another one.
 */
export function escapeNonAscii(text: string): string {
  const shown = text.replace(/[^\x20-\x7e]|["\\]/gu, (character) => {
    if (character === '"' || character === '\\') return `\\${character}`;
    return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
  });
  return shown === text && /^\S+$/.test(text) ? text : `"${shown}"`;
}
