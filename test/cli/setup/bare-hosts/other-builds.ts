import { copyFile, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { projectFolder } from '../../../../fixtures/fleet/project-paths.js';
import { runCommand } from '../../../../fixtures/fleet/run-command.js';

const BUNDLE = 'dist/bundle/hawser.cjs';

/**
 * Builds the program of the commit before this one, as that commit does but without checking its types. Its version is another
 * one, so that it differs where that commit changed no program.
 *
 * @returns the program, and its version
 */
export async function buildCommitBefore(
  folder: string,
): Promise<{ readonly program: string; readonly version: string }> {
  const git = ['git', '-c', 'safe.directory=*', '-C', projectFolder] as const;
  // A checkout may have one commit alone.
  const { code } = await runCommand([...git, 'rev-parse', '--verify', '--quiet', 'HEAD~1']);
  await mkdir(folder);
  const archive = join(folder, 'source.tar');
  await must([...git, 'archive', '--output', archive, code === 0 ? 'HEAD~1' : 'HEAD']);
  await must(['tar', '-xf', archive, '-C', folder]);
  await symlink(join(projectFolder, 'node_modules'), join(folder, 'node_modules'));
  const version = '0.0.1';
  const manifest = join(folder, 'package.json');
  const described = JSON.parse(await readFile(manifest, 'utf8')) as Record<string, unknown>;
  await writeFile(manifest, JSON.stringify({ ...described, version }));
  const compiler = join(projectFolder, 'node_modules/typescript/bin/tsc');
  await must([process.execPath, compiler, '--project', folder, '--noCheck']);
  await must([process.execPath, join(folder, 'bundle.mjs')]);
  return { program: join(folder, BUNDLE), version };
}

/** This build, except that what it sends to hosts ends at once. @returns the program for the laptop */
export async function makeBrokenBuild(folder: string): Promise<string> {
  const program = join(folder, BUNDLE);
  await mkdir(dirname(program), { recursive: true });
  await copyFile(join(projectFolder, 'dist/bundle/program.cjs'), program);
  await symlink(join(projectFolder, 'node_modules'), join(folder, 'node_modules'));
  const broken = `console.error('this build is broken');\nprocess.exitCode = 1;\n`;
  await writeFile(`${program}.gz`, gzipSync(broken));
  return program;
}

async function must(argv: readonly [string, ...string[]]): Promise<void> {
  const { code, stderr } = await runCommand(argv);
  if (code !== 0) throw new Error(`${argv.join(' ')} ended with ${code}: ${stderr}`);
}
