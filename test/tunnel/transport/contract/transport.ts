import { chooseTransport } from '../../../../tunnel/connection/choose-transport.js';
import { testChannels } from './channels.js';
import { testCommands } from './commands.js';
import { type Dial, never } from './connected.js';
import { testHostKeys } from './host-keys.js';
import { testLife } from './life.js';
import { testLoginKeys } from './login-keys.js';
import { testRefusals } from './refusals.js';

/** Registers what every transport must do, for one of them. */
export function testTransport(name: 'ssh2' | 'openssh'): void {
  const dial: Dial = (destination, options = {}) =>
    chooseTransport(name).dial(destination, {
      keepaliveIntervalMs: 2_000,
      keepaliveCountMax: 3,
      signal: never,
      ...options,
    });
  testChannels(dial);
  testCommands(dial);
  testRefusals(dial);
  testHostKeys(dial);
  testLife(dial);
  testLoginKeys(dial);
}
