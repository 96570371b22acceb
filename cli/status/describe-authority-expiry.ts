/** @param to when it expires, as `Date` reads it */
export function authorityExpires(to: string): string {
  const day = new Date(to).toISOString().slice(0, 10);
  return `The authority of the fleet's certificates expires on ${day}, and with it every certificate: replace it, without a stop, with "hawser up --new-authority".`;
}
