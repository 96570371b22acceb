// Makes the site in site/dist/ of docs/ and of what the code says about itself. Run by `npm run docs`, after the build.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { projectFolder } from '../fixtures/fleet/project-paths.js';
import { findBrokenLinks } from './check/find-broken-links.js';
import { collectAssets, collectPages } from './pages/collect-pages.js';
import { fillIn } from './pages/fill-in.js';
import { LIBRARY, planSidebar } from './pages/plan-sidebar.js';
import { generateReference } from './reference/generate-reference.js';
import { libraryPages } from './reference/library-pages.js';

const site = path.join(projectFolder, 'site');
const sources = path.join(site, '.pages');

async function build(): Promise<void> {
  installTools();
  rmSync(sources, { recursive: true, force: true });
  const library = path.join(sources, LIBRARY);
  run('documenting the library', tool('typedoc'), ['--logLevel', 'Warn', '--out', library]);
  const reference = await generateReference(projectFolder);
  const written = fillIn(await collectPages(projectFolder), reference.parts);
  const pages = [...written, ...reference.pages, ...libraryPages(library, LIBRARY)];
  for (const { file, text } of pages) {
    const target = path.join(sources, file);
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, text);
  }
  for (const file of await collectAssets(projectFolder)) {
    cpSync(path.join(projectFolder, 'docs', file), path.join(sources, file));
  }
  writeFileSync(path.join(sources, 'sidebar.json'), JSON.stringify(planSidebar(pages)));
  run('building the pages', tool('vitepress'), ['build', '.']);
  const broken = findBrokenLinks(path.join(site, 'dist'));
  if (broken.length > 0) throw new Error(`These links lead nowhere:\n${broken.join('\n')}`);
}

/** Installs the tools of the site unless what is there is of the same lockfile. */
function installTools(): void {
  const installed = path.join(site, 'node_modules', '.package-lock.json');
  const lock = path.join(site, 'package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  run('installing the tools', 'npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund']);
}

function tool(name: string): string {
  return path.join(site, 'node_modules', '.bin', name);
}

function run(step: string, command: string, args: readonly string[]): void {
  const startedAt = performance.now();
  const { status } = spawnSync(command, args, { cwd: site, stdio: 'inherit' });
  if (status !== 0) throw new Error(`${step} ended with ${status}.`);
  console.log(`${step}: ${((performance.now() - startedAt) / 1_000).toFixed(1)} s`);
}

try {
  await build();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
