/** `host:port`, with an IPv6 address in brackets. */
export function formatHostPort(host: string, port: number): string {
  return `${bracketed(host)}:${port}`;
}

/** The host as written in a URL: an IPv6 address in brackets. */
function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
