/**
 * A test against hosts that are made for it: real sshd on this machine, one of which is cut off and healed.
 *
 *     node --test test-with-hosts.js
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startFleet } from 'hawser/testing';
import { TunnelPool } from 'hawser/tunnel';

test('a command runs on a host again once it is back', { timeout: 120_000 }, async () => {
  // Without `backend`, hosts are containers where the machine can have them.
  await using fleet = await startFleet({ hosts: 2, backend: 'processes' });
  await using pool = new TunnelPool();

  const codeOf = async (host: string, timeoutMs: number) => {
    // The names of the hosts are those of its ssh_config, which `ssh -F` accepts, too.
    const options = { destinations: [host], configFile: fleet.sshConfigFile };
    const running = await pool.exec(options, 'exit 7', { signal: AbortSignal.timeout(timeoutMs) });
    return (await running.exit).code;
  };
  assert.equal(await codeOf('h1', 30_000), 7);
  await fleet.cut('h1');
  await assert.rejects(codeOf('h1', 1_000));
  assert.equal(await codeOf('h2', 30_000), 7);
  await fleet.heal('h1');
  assert.equal(await codeOf('h1', 60_000), 7);
});
