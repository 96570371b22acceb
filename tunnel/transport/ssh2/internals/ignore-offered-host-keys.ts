import type { Client } from 'ssh2';

const OFFER = 'hostkeys-00@openssh.com';

/**
 * Makes a connecting client ignore all the host keys that OpenSSH's server offers after the login. ssh2 has the server prove
 * each of them, which nobody asked for: that takes both sides more CPU than the rest of the handshake.
 *
 * ssh2 has no option for it; if its internals are not as expected, the keys are proven, and forgotten.
 */
export function ignoreOfferedHostKeys(client: Client): void {
  const protocol: unknown = Reflect.get(client, '_protocol');
  if (typeof protocol !== 'object' || protocol === null) return;
  const handlers: unknown = Reflect.get(protocol, '_handlers');
  if (typeof handlers !== 'object' || handlers === null) return;
  const handle: unknown = Reflect.get(handlers, 'GLOBAL_REQUEST');
  if (typeof handle !== 'function') return;
  const ignore = (self: unknown, name: string, wantsReply: boolean, data: unknown) => {
    // OpenSSH wants no reply.
    if (name === OFFER && !wantsReply) return;
    Reflect.apply(handle, handlers, [self, name, wantsReply, data]);
  };
  Reflect.set(handlers, 'GLOBAL_REQUEST', ignore);
}
