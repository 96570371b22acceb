// Runs the tests of the controller that need neither a fleet nor Linux: those of the command line, the tunnel and the World
// that import no fixtures and no helper that starts servers or other programs of Linux.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const folder = 'dist/test';
const parts = /^(base|cli|fuzz|package|tunnel|world)\//;
const linuxOnly = /setpriv|unshare|sshd|mkfifo|\/proc\/|podman|node-pty/;

/** Every compiled file that a test imports, itself included. */
function imports(file, found = new Set()) {
  if (found.has(file)) return found;
  found.add(file);
  for (const [, path] of readFileSync(file, 'utf8').matchAll(/(?:from|import) ?\(?'(\.[^']+\.js)'/g)) {
    imports(join(dirname(file), path), found);
  }
  return found;
}

function runsAnywhere(test) {
  return [...imports(test)].every((file) => {
    if (file === 'dist/fixtures/fleet/project-paths.js') return true;
    if (file.startsWith('dist/fixtures/')) return false;
    return !file.startsWith(`${folder}/`) || !linuxOnly.test(readFileSync(file, 'utf8'));
  });
}

const tests = readdirSync(folder, { recursive: true })
  .filter((path) => parts.test(path) && path.endsWith('.test.js'))
  .map((path) => join(folder, path))
  .filter(runsAnywhere);
// Fewer mean that a helper which most tests import has become one of Linux.
if (tests.length < 30) throw new Error(`only ${tests.length} tests run without a fleet`);
const { status } = spawnSync(process.execPath, ['node_modules/ava/entrypoints/cli.mjs', ...tests], {
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
