/** More would only push the rest of the message off the screen. */
const MOST_CHARACTERS = 300;

/** A host's text for use in a message: on one line and not too long. */
export function shorten(said: string): string {
  const line = said
    .slice(0, 4 * MOST_CHARACTERS)
    .replace(/\s+/g, ' ')
    .trim();
  return line.length > MOST_CHARACTERS ? `${line.slice(0, MOST_CHARACTERS)}…` : line;
}
/** A time for a sentence: "10 s", "0.5 s". */
export function formatSeconds(ms: number): string {
  return `${ms / 1_000} s`;
}
