/** More of what a host said would only push our own words off the screen. */
const MOST_CHARACTERS = 300;

/** What a host said, for a sentence of ours: on one line, and only so much of it as somebody reads. */
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
